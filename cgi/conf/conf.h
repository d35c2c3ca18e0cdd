/*
 * The values of prebind.conf. They are constant after loading, and all threads share them. One
 * table (conf/keys.c) has the keys, their types, defaults and limits. It says which member of the
 * structs below each key sets.
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

/*
 * The names of the identity providers. They are used in `identity`, in sessions and in the JID map.
 */
#define PROVIDER_LOGIN        "login"
#define PROVIDER_REMOTE_USER  "remote_user"
#define PROVIDER_SITE_SESSION "site_session"
#define PROVIDER_TOKEN        "token"
#define PROVIDER_PHP_SESSION  "php_session"
#define PROVIDER_SITE_HTTP    "site_http"
#define PROVIDER_GUEST        "guest"

/*
 * A limit such as "10/1m": count is 10, period_ms is one minute. If count is 0, there is no limit.
 */
struct conf_limit {
	long count;
	long period_ms;
};

/* A room of the site that every user is shown. */
struct conf_room {
	char *jid;  /* bare, prepared */
	char *name; /* shown to users */
	bool join;  /* true if users enter it automatically */
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
	BACKEND_GUEST /* not a value of `backend`; makes the sessions of guests */
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

/* A line of a file that sets a key. A key without such a line has its default. */
struct conf_line {
	unsigned short key; /* index in conf_keys */
	unsigned line;
};
struct conf_lines {
	struct conf_line *items; /* owned by the section */
	size_t count;
};

struct server_conf {
	const char *file; /* the file that has the section; borrowed from struct conf */
	struct conf_lines lines;

	char *listen; /* "" for FastCGI on descriptor 0, or for plain CGI */
	long processes;
	long threads;
	long waiting_max;
	long drain_ms;
	char *log;
	long log_level;  /* enum log_level */
	long log_format; /* enum log_format */
	char *sites;     /* a glob, or "" */
	char *user;      /* "" to keep the current user */
	char *socket_group;
	struct conf_list peer_users;
	char *status_token_file;
	struct conf_list trusted_proxies; /* addresses and networks whose headers are trusted */
	bool allow_tcp;                   /* accept an inherited TCP socket on loopback */
};

#define SESSION_COOKIE_MAX 40 /* bytes of session_cookie */

struct site_conf {
	char *name;       /* NAME in [site NAME] */
	const char *file; /* the file that has the section; borrowed from struct conf */
	long line;
	struct conf_lines lines;

	struct conf_list hosts;
	/*
	 * "/…" without a "/" at its end. "" means the root if base_path_set, otherwise SCRIPT_NAME
	 * is used.
	 */
	char *base_path;
	bool base_path_set;
	/*
	 * The prefix of links, in the form of base_path. If public_path_set is false, base_path is
	 * used.
	 */
	char *public_path;
	bool public_path_set;
	char *session_cookie;         /* part of the names of our own cookies */
	char *database;               /* a path, or PostgreSQL's address as in conf/site_uri.h */
	char *database_password_file; /* the password for PostgreSQL */
	char *templates;
	struct conf_list language; /* offered languages; the first one is the default */
	long client;               /* enum conf_client */
	struct conf_list identity;
	struct conf_list exclude_users; /* names that mean a visitor who is not logged in */
	char *login_url;                /* "" for our own /login, if provider login is configured */
	char *jid;                      /* the rule: "{user}@example.org" */
	long accounts;                  /* enum conf_accounts */
	struct conf_list deny_jids;     /* localparts, or bare JIDs */
	char *resource;                 /* "web-{random}", a fixed one, or "server" */
	bool allow_http;
	bool trusted_types;       /* the pages' policy requires trusted types */
	long session_idle_ms;     /* login sessions end after this time without use */
	long session_absolute_ms; /* login sessions end after this time, even if used */
	struct conf_limit limit_login;
	struct conf_limit limit_bind_user;
	struct conf_limit limit_bind_ip;
	struct conf_limit limit_guest_ip;

	char *guest_domain; /* the XMPP host of guests; "" if there are none */

	struct conf_rooms rooms;         /* shown to every user */
	struct conf_list staff;          /* prepared bare JIDs, in the order of preference */
	struct conf_list upload_origins; /* where browsers can send files; empty if nowhere */
	long people;                     /* enum conf_people */
	char *people_query;              /* "" to use our own table of users */
	struct conf_list picture_origins;
	struct conf_limit limit_people;

	bool gateway; /* answer /rest/adhoc/{jid} */
	struct conf_limit limit_gateway;

	char *login_query;      /* "" if provider login has its own users */
	bool allow_weak_hashes; /* also accept the site's password hashes of one fast digest */

	char *token_cookie;
	long token_format; /* enum conf_token_format */
	char *token_key_file;
	char *token_audience;
	char *token_user_claim;         /* "" for "user", or "sub" in a JWT without "user" */
	struct conf_list token_origins; /* origins whose pages can post a token; empty if none */

	struct conf_list jid_domains;            /* domains for jid = {email}, in lower case */
	struct conf_list remote_user_realm;      /* see conf/realm.h; if empty, names stay as is */
	struct conf_list remote_user_auth_types; /* empty to allow any */

	char *site_database;               /* a path, or an address as in conf/site_uri.h */
	char *site_database_password_file; /* "" for no password */
	long site_connections_max;         /* connections to one server, in each process */
	char *site_query;
	char *site_cookie;
	long site_cookie_transform; /* enum conf_transform */
	char *site_profile_query;   /* "" if the first query returns everything */
	long site_result;           /* enum conf_site_result */
	char *site_secret_file;     /* has Django's SECRET_KEY, or WordPress's keys */

	char *php_session_path; /* "[N;[MODE;]]/FOLDER", like PHP's session.save_path */
	char *php_session_cookie;
	char *php_session_user;     /* a place such as "user.name" */
	char *php_session_display;  /* like php_session_user, or "" */
	char *php_session_password; /* like php_session_user, or "" */
	long php_session_format;    /* enum conf_php_format */
	long php_session_max_age_ms;
	char *php_session_owner; /* "" if our own user owns the files */

	char *site_http_url;
	struct conf_list site_http_cookies; /* names of the cookies that are sent to the site */
	long site_http_cache_ms;            /* how long an answer is remembered; 0 for not at all */

	long backend;                /* enum conf_backend */
	char *bosh_url;              /* address for the browser; can contain {hostname} */
	struct conf_list bosh_hosts; /* values of {hostname}: NAME or NAME=PUBLIC, in lower case */
	long hold;                   /* how many requests the XMPP server can hold: 1 or 2 */
	long wait;                   /* seconds */
	long timeout_ms;             /* for one pre-bind, all requests together */
	long session_life_ms;        /* unattached session's life; 0 for the back end's default */
	bool upstream_http;          /* allow plain http to a host that is not loopback */
	char *ca_file;               /* "" for the system's certificates */
	struct conf_list
	    upstream_pin;  /* "sha256//BASE64="; empty for any key of a valid certificate */
	long upstream_max; /* simultaneous calls in each process */

	struct conf_list tigase_url; /* in the order of preference */
	long tigase_format;          /* enum conf_format */
	char *tigase_user;
	char *tigase_password_file;
	char *tigase_api_key_file; /* "" if there is none */
	long tigase_api_key_in;    /* enum conf_key_in */

	long provision; /* enum conf_provision */
	char *provision_url;
	char *provision_user; /* "" for no HTTP Basic */
	char *provision_password_file;

	struct conf_list bosh_service;    /* in the order of preference */
	long bosh_auth;                   /* enum conf_bosh_auth */
	struct conf_list bosh_mechanisms; /* SASL; empty for all that bosh_auth can use */
	char *bosh_password_query;        /* "" if only the JID map has passwords */
	char *bosh_route;                 /* "" if there is none */
	char *bosh_token_key_file;        /* "" if there are no one-time tokens */
	char *bosh_jwt_key_file;          /* "" if there are no JWTs */
	char *bosh_oauth_url;
	char *bosh_oauth_user; /* "" for no HTTP Basic */
	char *bosh_oauth_password_file;
	bool credentials; /* answer /credentials.json */
};

/* An entry of the index from host to site. */
struct conf_host {
	const char *name; /* borrowed from the site's hosts */
	size_t site;      /* index in conf->sites */
	long line;        /* line of the site's `hosts` */
};

struct conf {
	char *file;
	struct server_conf server;
	/* The defaults. A section that does not set a text or list borrows it from these two. */
	struct server_conf server_defaults; /* owned */
	struct site_conf site_defaults;     /* owned */
	struct site_conf *sites;            /* owned, at least one */
	size_t n_sites;
	char **files; /* paths of all files read; sites[].file is one of these pointers */
	size_t n_files;
	bool forgiving;  /* true if loaded by conf_load_start */
	char **left_out; /* owned, with its texts; the faults of the files that were ignored */
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
 * Like conf_load, for the start of a server, when perhaps nobody is there to fix a fault. A file of
 * `sites` that has a fault is ignored, with all its sites. err must not be NULL.
 */
enum status conf_load_start(const char *file, struct conf **out, struct error *err);
void conf_free(struct conf *conf);

/*
 * Finds the file to read. This is option (from -c) if given, otherwise PREBIND_CONF if set.
 * Otherwise it is the file in etc/ beside the binary's folder or, if there is none, in the
 * installed place. The caller frees *out.
 */
enum status conf_file_find(const char *option, char **out, struct error *err);

/*
 * Returns the site for a Host (lower case, no port), or NULL if there is none. If the only site has
 * no hosts, it is returned for any host.
 */
const struct site_conf *conf_site_for_host(const struct conf *conf, const char *host);

/*
 * Returns the site of that name. For name NULL, returns the only site, or the one named "default".
 * Returns NULL if there is none.
 */
const struct site_conf *conf_site_named(const struct conf *conf, const char *name);

/*
 * Returns the SASL mechanisms that can carry the site's kind of secret (`bosh_auth`), with blanks
 * between them. The text is static.
 */
const char *conf_mechanisms(const struct site_conf *site);

bool conf_list_has(const struct conf_list *list, const char *word);
bool conf_site_has_provider(const struct site_conf *site, const char *provider);

/* The place of a key, for a sentence about its value. */
struct conf_place {
	const char *file; /* borrowed from the configuration; NULL if not from a file */
	long line;        /* line of the key; if it is not set, line of the section; 0 if unknown */
	const char *key;
};
/* site is NULL if the value does not come from a file. */
struct conf_place conf_site_place(const struct site_conf *site, const char *key);
struct conf_place conf_server_place(const struct server_conf *server, const char *key);

/* Calls error_set with a sentence that begins "FILE:LINE: KEY: ", like those of conf_load. */
enum status conf_fault(struct error *err, enum status status, struct conf_place place,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Puts "FILE:LINE: KEY: " before an error sentence of a function that does not know the key.
 * Returns status. Changes nothing for STATUS_OK, or for STATUS_INTERNAL, which no key causes. err
 * can be NULL.
 */
enum status conf_blame(enum status status, struct error *err, struct conf_place place);

/*
 * Returns the site whose `database` is that file, even if the paths differ, or NULL if there is
 * none. Calls stat for each site.
 */
const struct site_conf *conf_site_of_database(const struct conf *conf, const char *path);

/*
 * For a reload: returns the first key of [server] that differs but is read only at the start, or
 * NULL if there is none. `sites`, `log_level` and `trusted_proxies` are allowed to differ.
 */
const char *conf_server_difference(const struct server_conf *a, const struct server_conf *b);

/*
 * Writes the effective configuration as a file that conf_load can read. It has every key, with the
 * default if the key is not set. It has the names of secret files, but never their content.
 */
void conf_print(const struct conf *conf, struct strbuf *out);
void conf_print_json(const struct conf *conf, struct strbuf *out);

/*
 * Returns the sentence that explains a key of [server] or [site], or NULL if there is no such key.
 * The sentence is static.
 */
const char *conf_key_what(bool server, const char *name);

/* Writes "  key  type  default  what" for each key. `prebindctl conf --keys` prints this. */
void conf_print_keys(struct strbuf *out);
/* Writes the keys as a JSON list of objects. */
void conf_print_keys_json(struct strbuf *out);

#endif
