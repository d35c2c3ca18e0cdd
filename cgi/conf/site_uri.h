/*
 * The values of `site_database` and `database` that are URIs instead of paths. The forms are
 * mariadb://USER@HOST:PORT/NAME?socket=PATH (or mysql://…) and postgresql://… (or postgres://…).
 * The URIs never contain a password.
 */
#ifndef CONF_SITE_URI_H
#define CONF_SITE_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum site_uri_kind { SITE_URI_PATH, SITE_URI_MARIADB, SITE_URI_POSTGRESQL };

struct site_uri {
	enum site_uri_kind kind;
	/* The strings are owned. Each is "" if the URI has no such part. */
	char *user;
	char *host; /* a name or an IP address; "" for a socket; for PostgreSQL also a list "a,b" */
	char *port; /* digits; for several hosts, one port for all or a list "1,2" */
	char *socket; /* for MariaDB the socket's path, for PostgreSQL its folder */
	char *name;   /* the name of the database */
	char *ca;     /* the file with the trusted certificate authorities */
	char *role;   /* PostgreSQL's target_session_attrs, which chooses between several servers */
	bool local;   /* true for a socket or only loopback hosts; no certificate is needed then */
};

/* Returns SITE_URI_PATH if the text does not begin with a known scheme. */
enum site_uri_kind site_uri_kind(const char *text);

/*
 * Reads the value. For a path, sets only out->kind. If it returns STATUS_BAD_REQUEST, err has the
 * reason as the end of a sentence that begins with the value. err never contains the password. The
 * caller clears *out.
 */
enum status site_uri_parse(const char *text, struct site_uri *out, struct error *err);
void site_uri_clear(struct site_uri *uri);

/* Returns the number of hosts: 1 for a socket, or if the URI has no host. */
size_t site_uri_hosts(const struct site_uri *uri);

/* A host and its port. Both strings are borrowed from uri and have no NUL at their end. */
struct site_uri_host {
	const char *host, *port;
	size_t host_len, port_len; /* 0 if the string is empty */
};
struct site_uri_host site_uri_host(const struct site_uri *uri, size_t i);

/* Checks the value of `site_database`. Returns NULL or the reason, as in conf/text.h. */
const char *site_uri_check(const char *text);

/* Checks the value of `database` (prebind's own database): a path, or a PostgreSQL URI. */
const char *site_uri_check_own(const char *text);

#endif
