/*
 * The keys `site_database` and `database` where they are not a path:
 * mariadb://USER@HOST:PORT/NAME?socket=PATH, also spelled mysql://, and postgresql://…, also
 * postgres://. It never holds a password.
 */
#ifndef CONF_SITE_URI_H
#define CONF_SITE_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum site_uri_kind { SITE_URI_PATH, SITE_URI_MARIADB, SITE_URI_POSTGRESQL };

struct site_uri {
	enum site_uri_kind kind;
	/* Owned. "": not given. */
	char *user;
	char *host;   /* a name or an address; "": by the socket; PostgreSQL: also "a,b" */
	char *port;   /* digits; of several hosts: one for all, or "1,2" */
	char *socket; /* MariaDB: a path; PostgreSQL: the folder */
	char *name;   /* of the database */
	char *ca;     /* the file with the certificate authorities to trust */
	char *role;   /* PostgreSQL: target_session_attrs, which of several servers to take */
	bool local;   /* a socket, or addresses of this host: the server needs no certificate */
};

/* SITE_URI_PATH: the text has no scheme that we know. */
enum site_uri_kind site_uri_kind(const char *text);

/*
 * Reads the text. A path gives only the kind. STATUS_BAD_REQUEST: err is what is wrong, as the end
 * of a sentence that begins with the value; it never has the password. The caller clears *out.
 */
enum status site_uri_parse(const char *text, struct site_uri *out, struct error *err);
void site_uri_clear(struct site_uri *uri);

/* How many hosts it names; 1 for a socket, or for none. */
size_t site_uri_hosts(const struct site_uri *uri);

/* One of several hosts, and its port; both borrowed from uri, without the end. */
struct site_uri_host {
	const char *host, *port;
	size_t host_len, port_len; /* 0: none */
};
struct site_uri_host site_uri_host(const struct site_uri *uri, size_t i);

/* NULL, or what is wrong with the value of `site_database`; see conf/text.h. */
const char *site_uri_check(const char *text);

/* The same for `database`, our own: a path or PostgreSQL's. */
const char *site_uri_check_own(const char *text);

#endif
