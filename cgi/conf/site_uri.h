/*
 * The values of `site_database` and `database` that are not a path. They are
 * mariadb://USER@HOST:PORT/NAME?socket=PATH, also spelled mysql://, and postgresql://…, also
 * spelled postgres://. Such an address never holds a password.
 */
#ifndef CONF_SITE_URI_H
#define CONF_SITE_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum site_uri_kind { SITE_URI_PATH, SITE_URI_MARIADB, SITE_URI_POSTGRESQL };

struct site_uri {
	enum site_uri_kind kind;
	/* The texts are owned. A text is "" if it is not given. */
	char *user;
	char *host;   /* a name or an address; "" for a socket; for PostgreSQL also "a,b" */
	char *port;   /* digits; for several hosts one port for all, or "1,2" */
	char *socket; /* for MariaDB a path, for PostgreSQL the folder */
	char *name;   /* of the database */
	char *ca;     /* the file with the certificate authorities to trust */
	char *role;   /* for PostgreSQL: target_session_attrs, which of several servers to use */
	bool local;   /* a socket, or only addresses of this host; needs no certificate */
};

/* Returns SITE_URI_PATH if the text does not begin with a scheme that we know. */
enum site_uri_kind site_uri_kind(const char *text);

/*
 * Reads the text. For a path, sets only the kind. If it returns STATUS_BAD_REQUEST, err has the
 * reason as the end of a sentence that begins with the value. err never has the password. The
 * caller clears *out.
 */
enum status site_uri_parse(const char *text, struct site_uri *out, struct error *err);
void site_uri_clear(struct site_uri *uri);

/* Returns the number of hosts; 1 for a socket, or if no host is given. */
size_t site_uri_hosts(const struct site_uri *uri);

/* One of the hosts, and its port. Both are borrowed from uri and do not end with a NUL. */
struct site_uri_host {
	const char *host, *port;
	size_t host_len, port_len; /* 0 if there is none */
};
struct site_uri_host site_uri_host(const struct site_uri *uri, size_t i);

/* Returns NULL, or what is wrong with the value of `site_database`, as in conf/text.h. */
const char *site_uri_check(const char *text);

/* Checks the value of `database` (our own database): a path, or an address of PostgreSQL. */
const char *site_uri_check_own(const char *text);

#endif
