/*
 * prebind.conf as the program uses it: constant after loading, shared by all threads. One table
 * (conf/keys.c) has the keys, their types, defaults and limits; it fills the structs of this file.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "base/strbuf.h"

/* A list of words; owned by the configuration. */
struct conf_list {
	char **items;
	size_t count;
};

/* The identity providers: words of `identity`, and the source of a user in sessions and JID map. */
#define PROVIDER_LOGIN        "login"
#define PROVIDER_REMOTE_USER  "remote_user"
#define PROVIDER_SITE_SESSION "site_session"
#define PROVIDER_TOKEN        "token"
#define PROVIDER_PHP_SESSION  "php_session"
#define PROVIDER_SITE_HTTP    "site_http"
#define PROVIDER_GUEST        "guest"

/* "10/1m": count in each period; count 0 is off. */
struct conf_limit {
	long count;
	long period_ms;
};

/* Rooms of the site, which every user is shown. */
struct conf_room {
	char *jid;  /* bare, prepared */
	char *name; /* shown */
	bool join;  /* users enter it by themselves */
};
struct conf_rooms {
	struct conf_room *items;
	size_t count;
};

enum conf_accounts { ACCOUNTS_ALL, ACCOUNTS_MAP };
enum conf_people { PEOPLE_OFF, PEOPLE_CONTACTS, PEOPLE_ALL };
enum conf_client { CLIENT_BUILTIN, CLIENT_CONVERSE, CLIENT_NONE };
enum conf_backend {
	BACKEND_TIGASE,
	BACKEND_BOSH,
	BACKEND_GUEST /* not a value of `backend`: how guests get their sessions */
};
enum conf_format { FORMAT_JSON, FORMAT_XML };
enum conf_key_in { KEY_IN_HEADER, KEY_IN_QUERY };
enum conf_token_format { TOKEN_FORMAT_HMAC, TOKEN_FORMAT_JWT };
enum conf_bosh_auth { BOSH_AUTH_PASSWORD, BOSH_AUTH_JWT, BOSH_AUTH_OAUTH, BOSH_AUTH_TOKEN };
enum conf_transform { TRANSFORM_NONE, TRANSFORM_SHA1, TRANSFORM_SHA256, TRANSFORM_DRUPAL };
enum conf_site_result {
	SITE_RESULT_USER,
	SITE_RESULT_DJANGO,
	SITE_RESULT_WORDPRESS,
	SITE_RESULT_PHP
};
enum conf_php_format { PHP_FORMAT_PHP, PHP_FORMAT_SERIALIZE, PHP_FORMAT_BINARY };

enum conf_provision { PROVISION_NO, PROVISION_TIGASE, PROVISION_EJABBERD, PROVISION_PROSODY_TOKEN };

/* The lines of a file that set keys; all other keys have their defaults. */
struct conf_line {
	unsigned short key; /* index in conf_keys */
	unsigned line;
};
struct conf_lines {
	struct conf_line *items; /* owned by the section */
	size_t count;
};

struct server_conf {
	const char *file; /* the file of its section; borrowed from struct conf */
	struct conf_lines lines;

	char *listen; /* "": FastCGI on descriptor 0, or plain CGI */
	long processes;
	long threads;
	long waiting_max;
	long drain_ms;
	char *log;
	long log_level;  /* enum log_level */
	long log_format; /* enum log_format */
	char *sites;     /* a glob, or "" */
	char *user;      /* "": keep the current user */
	char *socket_group;
	struct conf_list peer_users;
	char *status_token_file;
	struct conf_list trusted_proxies; /* addresses and networks whose headers count */
	bool allow_tcp;                   /* accept an inherited TCP socket on loopback */
};

#define SESSION_COOKIE_MAX 40 /* bytes of session_cookie */

struct site_conf {
	char *name;       /* of [site NAME] */
	const char *file; /* the file of its section; borrowed from struct conf */
	long line;
	struct conf_lines lines;

	struct conf_list hosts;
	char *base_path; /* "/…", no "/" at its end; "": SCRIPT_NAME's, or with _set the root */
	bool base_path_set;
	char *public_path; /* prefix of links, kept like base_path; without _set: base_path */
	bool public_path_set;
	char *session_cookie;         /* part of the names of our own cookies */
	char *database;               /* a path, or an address of PostgreSQL: conf/site_uri.h */
	char *database_password_file; /* for the address */
	char *templates;
	struct conf_list language; /* offered languages; the first one is the default */
	long client;               /* enum conf_client */
	struct conf_list identity;
	struct conf_list exclude_users; /* names for a visitor who is not logged in */
	char *login_url;                /* "": our own /login, if provider login is configured */
	char *jid;                      /* the rule: "{user}@example.org" */
	long accounts;                  /* enum conf_accounts */
	struct conf_list deny_jids;     /* localparts, or bare JIDs */
	char *resource;                 /* "web-{random}", a fixed one, or "server" */
	bool allow_http;
	bool trusted_types;       /* the pages' policy requires trusted types */
	long session_idle_ms;     /* login sessions end after this time without use */
	long session_absolute_ms; /* … and after this time in any case */
	struct conf_limit limit_login;
	struct conf_limit limit_bind_user;
	struct conf_limit limit_bind_ip;
	struct conf_limit limit_guest_ip;

	char *guest_domain; /* the XMPP host of provider guest; "": none */

	struct conf_rooms rooms;         /* that every user is shown */
	struct conf_list staff;          /* prepared bare JIDs, in the order of preference */
	struct conf_list upload_origins; /* where browsers may send files; empty: nowhere */
	long people;                     /* enum conf_people */
	char *people_query;              /* "": the users of our own table */
	struct conf_list picture_origins;
	struct conf_limit limit_people;

	bool gateway; /* answer /rest/adhoc/{jid} */
	struct conf_limit limit_gateway;

	char *login_query;      /* "": provider login has users of its own */
	bool allow_weak_hashes; /* accept hashes of single fast digests for the site's users, too */

	char *token_cookie;
	long token_format; /* enum conf_token_format */
	char *token_key_file;
	char *token_audience;
	char *token_user_claim;         /* "": "user"; in a JWT without it "sub" */
	struct conf_list token_origins; /* whose pages may post a token; empty: none */

	struct conf_list jid_domains;            /* with jid = {email}; in lower case */
	struct conf_list remote_user_realm;      /* conf/realm.h; empty: names stay as they are */
	struct conf_list remote_user_auth_types; /* empty: any */

	char *site_database;               /* a path, or an address: conf/site_uri.h */
	char *site_database_password_file; /* "": no password */
	long site_connections_max;         /* to one server, in each process */
	char *site_query;
	char *site_cookie;
	long site_cookie_transform; /* enum conf_transform */
	char *site_profile_query;   /* "": the first query returns everything */
	long site_result;           /* enum conf_site_result */
	char *site_secret_file;     /* with Django's SECRET_KEY, or WordPress's keys */

	char *php_session_path; /* "[N;[MODE;]]/FOLDER", like PHP's session.save_path */
	char *php_session_cookie;
	char *php_session_user;     /* "user.name" */
	char *php_session_display;  /* like php_session_user, or "" */
	char *php_session_password; /* like php_session_user, or "" */
	long php_session_format;    /* enum conf_php_format */
	long php_session_max_age_ms;
	char *php_session_owner; /* "": our own user owns the files */

	char *site_http_url;
	struct conf_list site_http_cookies; /* the names of those that the site is given */
	long site_http_cache_ms;            /* how long an answer is remembered; 0: not at all */

	long backend;                /* enum conf_backend */
	char *bosh_url;              /* address for the browser; may contain {hostname}, then … */
	struct conf_list bosh_hosts; /* … NAME or NAME=PUBLIC, in lower case */
	long hold;                   /* requests that the XMPP server may hold: 1 or 2 */
	long wait;                   /* seconds */
	long timeout_ms;             /* for one pre-bind, all requests together */
	long session_life_ms;        /* life of an unattached session; 0: the back end's */
	bool upstream_http;          /* allow plain http to a host that is not loopback */
	char *ca_file;               /* "": the system's certificates */
	struct conf_list
	    upstream_pin;  /* "sha256//BASE64="; empty: any key of a valid certificate */
	long upstream_max; /* calls at once in each process */

	struct conf_list tigase_url; /* in the order of preference */
	long tigase_format;          /* enum conf_format */
	char *tigase_user;
	char *tigase_password_file;
	char *tigase_api_key_file; /* "": none */
	long tigase_api_key_in;    /* enum conf_key_in */

	long provision; /* enum conf_provision */
	char *provision_url;
	char *provision_user; /* "": no HTTP Basic */
	char *provision_password_file;

	struct conf_list bosh_service;    /* in the order of preference */
	long bosh_auth;                   /* enum conf_bosh_auth */
	struct conf_list bosh_mechanisms; /* SASL; empty: all that bosh_auth can use */
	char *bosh_password_query;        /* "": only the JID map has passwords */
	char *bosh_route;                 /* "": none */
	char *bosh_token_key_file;        /* "": no one-time tokens */
	char *bosh_jwt_key_file;          /* "": no JWTs */
	char *bosh_oauth_url;
	char *bosh_oauth_user; /* "": no HTTP Basic */
	char *bosh_oauth_password_file;
	bool credentials; /* answer /credentials.json */
};

/* An entry of the index from host to site. */
struct conf_host {
	const char *name; /* borrowed from the site's hosts */
	size_t site;      /* index in conf->sites */
	long line;        /* of the site's `hosts` */
};

struct conf {
	char *file;
	struct server_conf server;
	/* The defaults. A section that does not set a text or list shares the one of these two. */
	struct server_conf server_defaults; /* owned */
	struct site_conf site_defaults;     /* owned */
	struct site_conf *sites;            /* owned, at least one */
	size_t n_sites;
	char **files; /* every file read; sites[].file points into it */
	size_t n_files;
	bool forgiving;  /* loaded by conf_load_start */
	char **left_out; /* owned, with its texts: the faults of the files that were ignored */
	size_t n_left_out;
	struct conf_host *hosts; /* owned; sorted by name, for conf_site_for_host */
	size_t n_hosts;
};

/*
 * Reads the file and those that its `sites` key names. Checks each value, and the values against
 * each other. After a failure *out is not set, and the sentence begins "FILE:LINE: KEY: ". The
 * caller frees *out with conf_free.
 */
enum status conf_load(const char *file, struct conf **out, struct error *err);

/*
 * conf_load for the start of a server, when nobody may be there to mend a fault. It ignores a file
 * of `sites` that has a fault, with all sites of that file. err must not be NULL.
 */
enum status conf_load_start(const char *file, struct conf **out, struct error *err);
void conf_free(struct conf *conf);

/*
 * Finds the file to read: option (of -c), otherwise PREBIND_CONF, otherwise etc/ beside the
 * binary's folder, otherwise the installed place. The caller frees *out.
 */
enum status conf_file_find(const char *option, char **out, struct error *err);

/*
 * Returns the site for a Host (lower case, no port); a single site without hosts for any host.
 * NULL: none.
 */
const struct site_conf *conf_site_for_host(const struct conf *conf, const char *host);

/* Returns the site of that name; for NULL the only site, or the one named "default". NULL: none. */
const struct site_conf *conf_site_named(const struct conf *conf, const char *name);

/*
 * Returns the SASL mechanisms that can carry the site's kind of secret (`bosh_auth`), with blanks
 * between them. Static.
 */
const char *conf_mechanisms(const struct site_conf *site);

bool conf_list_has(const struct conf_list *list, const char *word);
bool conf_site_has_provider(const struct site_conf *site, const char *provider);

/* The place of a key, for a sentence about its value. */
struct conf_place {
	const char *file; /* borrowed from the configuration; NULL: not from a file */
	long line;        /* of the key; if it is not set, of the section; 0: unknown */
	const char *key;
};
/* site NULL: not from a file. */
struct conf_place conf_site_place(const struct site_conf *site, const char *key);
struct conf_place conf_server_place(const struct server_conf *server, const char *key);

/* error_set with a sentence that begins "FILE:LINE: KEY: ", like those of conf_load. */
enum status conf_fault(struct error *err, enum status status, struct conf_place place,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Puts "FILE:LINE: KEY: " before an error sentence of a function that does not know the key;
 * returns status. It changes nothing for STATUS_OK, nor for STATUS_INTERNAL, which no key causes.
 * err may be NULL.
 */
enum status conf_blame(enum status status, struct error *err, struct conf_place place);

/*
 * Returns the site whose `database` is that file, by whatever path; NULL: none. It calls stat for
 * each site.
 */
const struct site_conf *conf_site_of_database(const struct conf *conf, const char *path);

/*
 * For a reload: returns the first key of [server] that differs and is read only at the start; NULL:
 * none. `sites` and `log_level` may differ.
 */
const char *conf_server_difference(const struct server_conf *a, const struct server_conf *b);

/*
 * Writes the effective configuration as a file for conf_load: every key, with the default if it is
 * not set. It has the names of secret files, never their content.
 */
void conf_print(const struct conf *conf, struct strbuf *out);
void conf_print_json(const struct conf *conf, struct strbuf *out);

/*
 * Returns the sentence that explains a key of [server], or of [site]; static. NULL: no such key.
 */
const char *conf_key_what(bool server, const char *name);

/* Writes "  key  type  default  what" for each key: the reference of `prebindctl conf --keys`. */
void conf_print_keys(struct strbuf *out);
/* The same as a list of objects. */
void conf_print_keys_json(struct strbuf *out);

#endif
