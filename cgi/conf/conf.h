/*
 * prebind.conf as the program sees it: constant once loaded, shared by all threads. The keys, their
 * types, defaults and limits stand in one table (conf/keys.c); this file is what the table fills.
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

/* "10/1m": count per period; off is count 0. */
struct conf_limit {
	long count;
	long period_ms;
};

enum conf_accounts { ACCOUNTS_ALL, ACCOUNTS_MAP };
enum conf_client { CLIENT_BUILTIN, CLIENT_CONVERSE, CLIENT_NONE };
enum conf_backend { BACKEND_TIGASE, BACKEND_BOSH };
enum conf_format { FORMAT_JSON, FORMAT_XML };
enum conf_key_in { KEY_IN_HEADER, KEY_IN_QUERY };
enum conf_token_format { TOKEN_FORMAT_HMAC, TOKEN_FORMAT_JWT };
enum conf_bosh_auth { BOSH_AUTH_PASSWORD, BOSH_AUTH_JWT, BOSH_AUTH_OAUTH, BOSH_AUTH_TOKEN };
enum conf_transform { TRANSFORM_NONE, TRANSFORM_SHA1, TRANSFORM_SHA256, TRANSFORM_DRUPAL };
enum conf_site_result { SITE_RESULT_USER, SITE_RESULT_DJANGO };
enum conf_php_format { PHP_FORMAT_PHP, PHP_FORMAT_SERIALIZE, PHP_FORMAT_BINARY };

enum conf_provision { PROVISION_NO, PROVISION_TIGASE, PROVISION_EJABBERD, PROVISION_PROSODY_TOKEN };

/* Which lines of a file have set keys; the others have their defaults. */
struct conf_line {
	unsigned short key; /* its place in conf_keys */
	unsigned line;
};
struct conf_lines {
	struct conf_line *items; /* owned by the section */
	size_t count;
};

struct server_conf {
	const char *file; /* where its section stands; borrowed from struct conf */
	struct conf_lines lines;

	char *listen; /* "" : FastCGI on descriptor 0, or plain CGI */
	long processes;
	long threads;
	long waiting_max;
	char *log;
	long log_level; /* enum log_level */
	char *sites;    /* a glob, or "" */
	char *user;     /* "" : stay who we are */
	char *socket_group;
	struct conf_list peer_users;
	bool allow_tcp; /* an inherited socket on loopback */
};

#define SESSION_COOKIE_MAX 40 /* bytes of session_cookie */

struct site_conf {
	char *name;       /* of [site NAME] */
	const char *file; /* where its section stands; borrowed from struct conf */
	long line;
	struct conf_lines lines;

	struct conf_list hosts;
	char *
	    base_path; /* "" : from SCRIPT_NAME; else begins with '/', does not end with it; "/" is "" with base_path_set */
	bool base_path_set;
	char *public_path; /* what links begin with, kept like base_path; without _set: base_path */
	bool public_path_set;
	char *session_cookie; /* what the names of our own cookies are made of */
	char *database;
	char *templates;
	struct conf_list language; /* to choose from; the first where none is wanted */
	long client;               /* enum conf_client */
	struct conf_list identity;
	struct conf_list exclude_users; /* names that mean nobody */
	char *login_url;            /* "" : our own /login, where provider login is configured */
	char *jid;                  /* the rule: "{user}@example.org" */
	long accounts;              /* enum conf_accounts */
	struct conf_list deny_jids; /* localparts, or bare JIDs */
	char *resource;             /* "web-{random}", a fixed one, or "server" */
	bool allow_http;
	long session_idle_ms;     /* login sessions: end when unused for so long */
	long session_absolute_ms; /* … and after so long in any case */
	struct conf_limit limit_login;
	struct conf_limit limit_bind_user;
	struct conf_limit limit_bind_ip;

	bool gateway; /* /rest/adhoc/{jid} is answered */
	struct conf_limit limit_gateway;

	char *login_query;      /* "" : provider login has users of its own */
	bool allow_weak_hashes; /* of the site's users: single fast digests, too */

	char *token_cookie;
	long token_format; /* enum conf_token_format */
	char *token_key_file;
	char *token_audience;
	char *token_user_claim;         /* "": user, in a JWT without it sub */
	struct conf_list token_origins; /* whose pages may post a token; none: nobody's */

	char *remote_user_realm;                 /* "" : none is taken off */
	struct conf_list remote_user_auth_types; /* empty: any */

	char *site_database;
	char *site_query;
	char *site_cookie;
	long site_cookie_transform; /* enum conf_transform */
	char *site_profile_query;   /* "" : the first one says all */
	long site_result;           /* enum conf_site_result */
	char *site_secret_file;     /* of Django */

	char *php_session_path; /* "[N;[MODE;]]/FOLDER", as PHP's session.save_path */
	char *php_session_cookie;
	char *php_session_user;    /* "user.name" */
	char *php_session_display; /* as that, or "" */
	long php_session_format;   /* enum conf_php_format */
	long php_session_max_age_ms;
	char *php_session_owner; /* "" : the files are our own user's */

	long backend;                /* enum conf_backend */
	char *bosh_url;              /* what the browser uses; may hold {hostname}, then … */
	struct conf_list bosh_hosts; /* … NAME or NAME=PUBLIC, in lower case */
	long hold;                   /* requests the XMPP server may hold: 1–2 */
	long wait;                   /* seconds */
	long timeout_ms;             /* one pre-bind, all its round trips together */
	long session_life_ms; /* how long an unattached session lives; 0: what the back end says */
	bool upstream_http;   /* plain http to a host that is not loopback */
	char *ca_file;        /* "" : the system's certificates */
	struct conf_list
	    upstream_pin;  /* "sha256//BASE64="; empty: any key of a valid certificate */
	long upstream_max; /* calls at once, in each process */

	struct conf_list tigase_url; /* in the order in which they are asked */
	long tigase_format;          /* enum conf_format */
	char *tigase_user;
	char *tigase_password_file;
	char *tigase_api_key_file; /* "" : none */
	long tigase_api_key_in;    /* enum conf_key_in */

	long provision; /* enum conf_provision */
	char *provision_url;
	char *provision_user; /* "" : no HTTP Basic */
	char *provision_password_file;

	struct conf_list bosh_service;    /* in the order in which they are asked */
	long bosh_auth;                   /* enum conf_bosh_auth */
	struct conf_list bosh_mechanisms; /* SASL; none: all that bosh_auth can use */
	char *bosh_password_query;        /* "" : passwords are kept in the JID map only */
	char *bosh_route;                 /* "" : none */
	char *bosh_token_key_file;        /* "" : no one-time tokens */
	char *bosh_jwt_key_file;          /* "" : no JWTs */
	char *bosh_oauth_url;
	char *bosh_oauth_user; /* "" : no HTTP Basic */
	char *bosh_oauth_password_file;
	bool credentials; /* /credentials.json is answered */
};

/* A row of the index from host to site. */
struct conf_host {
	const char *name; /* borrowed from the site's hosts */
	size_t site;      /* in conf->sites */
	long line;        /* of the site's `hosts` */
};

struct conf {
	char *file;
	struct server_conf server;
	struct site_conf *sites; /* owned, at least one */
	size_t n_sites;
	char **files; /* every file read; sites[].file points in here */
	size_t n_files;
	bool forgiving;  /* read by conf_load_start */
	char **left_out; /* owned, as its texts: … and what is wrong in the files it left out */
	size_t n_left_out;
	struct conf_host *hosts; /* owned; sorted by name, for conf_site_for_host */
	size_t n_hosts;
};

/*
 * Reads the file and the files its `sites` key names, checks every value and the values against
 * each other. On failure nothing is returned and the sentence begins "FILE:LINE: KEY: ". The caller
 * owns *out.
 */
enum status conf_load(const char *file, struct conf **out, struct error *err);

/*
 * As that, for a start, when nobody may be there to mend anything: a file of `sites` with a fault
 * in it is left out, with all its sites, and the others are served. err: not NULL.
 */
enum status conf_load_start(const char *file, struct conf **out, struct error *err);
void conf_free(struct conf *conf);

/*
 * The file to read: the -c option's, else PREBIND_CONF, else beside the binary, else /etc/prebind.
 */
enum status conf_file_find(const char *option, char **out, struct error *err);

/* The site for a Host (lower case, no port); the only site where its hosts are empty; else NULL. */
const struct site_conf *conf_site_for_host(const struct conf *conf, const char *host);

/* By the name of its section; NULL name: the only site, else "default". NULL: none. */
const struct site_conf *conf_site_named(const struct conf *conf, const char *name);

/* Where a key stands, for a sentence about its value. */
struct conf_place {
	const char *file; /* borrowed from the configuration; NULL: it was read from no file */
	long line;        /* of the key; of the section, where it is not set there; 0: unknown */
	const char *key;
};
/* site NULL: of no file. */
struct conf_place conf_site_place(const struct site_conf *site, const char *key);
struct conf_place conf_server_place(const struct server_conf *server, const char *key);

/* As error_set; the sentence begins "FILE:LINE: KEY: ", as those of conf_load do. */
enum status conf_fault(struct error *err, enum status status, struct conf_place place,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Puts that before the sentence of a failure that knew no key, and returns status. STATUS_OK and
 * failures that are nobody's fault (STATUS_INTERNAL) stay as they are. err may be NULL.
 */
enum status conf_blame(enum status status, struct error *err, struct conf_place place);

/*
 * The site whose `database` is that file, by whatever path; NULL: none. Looks at a file for each
 * site.
 */
const struct site_conf *conf_site_of_database(const struct conf *conf, const char *path);

/*
 * For a reload: the first key of [server] that differs and is read at the start only; NULL: none.
 * (`sites` and `log_level` may differ.)
 */
const char *conf_server_difference(const struct server_conf *a, const struct server_conf *b);

/*
 * The effective configuration as a file that conf_load would read; every key, with its default
 * where it was not set. Names of secret files are shown, what is in them never.
 */
void conf_print(const struct conf *conf, struct strbuf *out);
void conf_print_json(const struct conf *conf, struct strbuf *out);

/* "  key  type  default  what" for each key: the reference that `prebindctl conf --keys` prints. */
void conf_print_keys(struct strbuf *out);

#endif
