/*
 * The values of prebind.conf. They are constant after loading, and all threads share them. The
 * table in conf/keys.c has all keys with their types, defaults and limits. The table also says
 * which key sets which member of the structs below.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "base/strbuf.h"

/* A list of words. The configuration owns it. */
struct conf_list {
	char **items;
	size_t count;
};

/* The names of the identity providers, as written in `identity`, in sessions and in the JID map. */
#define PROVIDER_LOGIN        "login"
#define PROVIDER_REMOTE_USER  "remote_user"
#define PROVIDER_SITE_SESSION "site_session"
#define PROVIDER_TOKEN        "token"
#define PROVIDER_PHP_SESSION  "php_session"
#define PROVIDER_SITE_HTTP    "site_http"
#define PROVIDER_GUEST        "guest"

/* A limit such as "10/1m": count is 10, period_ms is one minute. A count of 0 means no limit. */
struct conf_limit {
	long count;
	long period_ms;
};

/* A room of the site. Each user sees it in the list of rooms. */
struct conf_room {
	char *jid;  /* bare and prepared */
	char *name; /* shown to users */
	bool join;  /* true if users enter the room automatically */
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
	BACKEND_GUEST /* opens the guests' chat sessions; cannot be set with `backend` */
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

/* Records which line of a file sets a key. There is no record for a key that has its default. */
struct conf_line {
	unsigned short key; /* index of the key in conf_keys */
	unsigned line;
};
struct conf_lines {
	struct conf_line *items; /* owned by the section's struct */
	size_t count;
};

struct server_conf {
	const char *file; /* the file with this section; borrowed from struct conf */
	struct conf_lines lines;

	/* the socket to listen on; "" for FastCGI on descriptor 0, or for plain CGI */
	char *listen;
	long processes;
	long threads;
	long waiting_max;
	long drain_ms;
	char *log;
	long log_level;  /* enum log_level */
	long log_format; /* enum log_format */
	char *sites;     /* a glob for further files; "" for none */
	char *user;      /* run as this user; "" to keep the current user */
	char *socket_group;
	struct conf_list peer_users;
	char *status_token_file;
	/* addresses and networks of proxies whose headers are trusted */
	struct conf_list trusted_proxies;
	bool allow_tcp; /* true to accept an inherited TCP socket on loopback */
};

#define SESSION_COOKIE_MAX 40 /* maximum bytes of session_cookie */

struct site_conf {
	char *name;       /* the NAME in [site NAME] */
	const char *file; /* the file with this section; borrowed from struct conf */
	long line;
	struct conf_lines lines;

	struct conf_list hosts;
	/*
	 * The URL path of prebind, such as "/chat", without a "/" at its end. If base_path_set is
	 * true, "" means the root. If base_path_set is false, SCRIPT_NAME is used instead.
	 */
	char *base_path;
	bool base_path_set;
	/*
	 * The prefix of links, written like base_path. If public_path_set is false, base_path is
	 * used.
	 */
	char *public_path;
	bool public_path_set;
	char *session_cookie;         /* a part of the names of our own cookies */
	char *database;               /* a path, or a PostgreSQL URI (conf/site_uri.h) */
	char *database_password_file; /* the file with the password for PostgreSQL */
	char *templates;
	struct conf_list language; /* offered languages; the first one is the default */
	long client;               /* enum conf_client */
	struct conf_list identity;
	struct conf_list exclude_users; /* names for visitors who are not logged in */
	char *login_url; /* "" for prebind's own /login, if provider `login` is configured */
	char *jid;       /* the rule for users' JIDs, such as "{user}@example.org" */
	long accounts;   /* enum conf_accounts */
	struct conf_list deny_jids; /* accounts that no user can have: localparts or bare JIDs */
	char *resource;             /* fixed, or with {random}; "server" if the server chooses */
	bool allow_http;
	bool trusted_types;       /* true if the Content-Security-Policy requires trusted types */
	long session_idle_ms;     /* unused login sessions end after this time */
	long session_absolute_ms; /* login sessions end after this time, even if they are used */
	struct conf_limit limit_login;
	struct conf_limit limit_bind_user;
	struct conf_limit limit_bind_ip;
	struct conf_limit limit_guest_ip;

	char *guest_domain; /* the XMPP host of guests; "" if guests are not allowed */

	struct conf_rooms rooms; /* every user sees these rooms */
	struct conf_list staff;  /* prepared bare JIDs, the preferred ones first */
	/* origins to which browsers can upload files; empty for no uploads */
	struct conf_list upload_origins;
	long people;        /* enum conf_people */
	char *people_query; /* "" to use prebind's own table of users */
	struct conf_list picture_origins;
	struct conf_limit limit_people;

	bool gateway; /* true to answer /rest/adhoc/{jid} */
	struct conf_limit limit_gateway;

	char *login_query; /* "" if the users of provider `login` are in prebind's own table */
	/* true to accept password hashes of the site that are fast to compute */
	bool allow_weak_hashes;

	char *token_cookie;
	long token_format; /* enum conf_token_format */
	char *token_key_file;
	char *token_audience;
	char *token_user_claim; /* a claim; "" for "user", or "sub" in a JWT without "user" */
	/* origins whose pages are allowed to post tokens; can be empty */
	struct conf_list token_origins;

	struct conf_list jid_domains;       /* domains allowed with jid = {email}, in lower case */
	struct conf_list remote_user_realm; /* see conf/realm.h; if empty, names are not changed */
	/* accepted values of AUTH_TYPE; if empty, any value except "" is accepted */
	struct conf_list remote_user_auth_types;

	char *site_database;               /* a path, or a URI as in conf/site_uri.h */
	char *site_database_password_file; /* "" if no password is needed */
	long site_connections_max;         /* limit for one database server, in each process */
	char *site_query;
	char *site_cookie;
	long site_cookie_transform; /* enum conf_transform */
	char *site_profile_query;   /* "" if site_query also returns the profile */
	long site_result;           /* enum conf_site_result */
	char *site_secret_file;     /* the file with Django's SECRET_KEY, or WordPress's keys */

	char *php_session_path; /* "[N;[MODE;]]/FOLDER", as in PHP's session.save_path */
	char *php_session_cookie;
	char *php_session_user;     /* a path into the session, such as "user.name" */
	char *php_session_display;  /* written like php_session_user; "" for none */
	char *php_session_password; /* written like php_session_user; "" for none */
	long php_session_format;    /* enum conf_php_format */
	long php_session_max_age_ms;
	char *php_session_owner; /* owner of the session files; "" for the user that runs prebind */

	char *site_http_url;
	/* names of the cookies that prebind passes to the site */
	struct conf_list site_http_cookies;
	long site_http_cache_ms; /* how long an answer of the site is cached; 0 for no cache */

	long backend;   /* enum conf_backend */
	char *bosh_url; /* a URL for the browser; can contain {hostname} */
	/* hosts allowed for {hostname}: NAME or NAME=PUBLIC, in lower case */
	struct conf_list bosh_hosts;
	long hold;       /* how many requests the XMPP server holds at most: 1 or 2 */
	long wait;       /* in seconds; how long the XMPP server can hold a request */
	long timeout_ms; /* time limit for one pre-bind with all its requests */
	/* how long a session lives if no browser uses it; 0 for the back end's default */
	long session_life_ms;
	bool upstream_http; /* true to allow plain http to a host that is not loopback */
	char *ca_file;      /* "" for the system's certificate authorities */
	/* "sha256//BASE64="; if empty, any key of a valid certificate is accepted */
	struct conf_list upstream_pin;
	long upstream_max; /* limit on simultaneous calls in each process */

	struct conf_list tigase_url; /* the preferred URL first */
	long tigase_format;          /* enum conf_format */
	char *tigase_user;
	char *tigase_password_file;
	char *tigase_api_key_file; /* "" for no API key */
	long tigase_api_key_in;    /* enum conf_key_in */

	long provision; /* enum conf_provision */
	char *provision_url;
	char *provision_user; /* the user name for HTTP Basic; "" for no HTTP Basic */
	char *provision_password_file;

	struct conf_list bosh_service;    /* the preferred URL first */
	long bosh_auth;                   /* enum conf_bosh_auth */
	struct conf_list bosh_mechanisms; /* if empty, all SASL mechanisms that suit bosh_auth */
	char *bosh_password_query;        /* "" if only the JID map has XMPP passwords */
	char *bosh_route;                 /* "" for no route attribute */
	char *bosh_token_key_file;        /* "" if one-time tokens are not used */
	char *bosh_jwt_key_file;          /* "" if JWTs are not used */
	char *bosh_oauth_url;
	char *bosh_oauth_user; /* the user name for HTTP Basic; "" for no HTTP Basic */
	char *bosh_oauth_password_file;
	bool credentials; /* true to answer /credentials.json */
};

/* An entry of the index that finds a site by its host. */
struct conf_host {
	const char *name; /* borrowed from the site's hosts */
	size_t site;      /* index in conf->sites */
	long line;        /* line of the `hosts` that has this host */
};

struct conf {
	char *file;
	struct server_conf server;
	/*
	 * The defaults. A section borrows each string or list that it does not set from
	 * server_defaults or site_defaults.
	 */
	struct server_conf server_defaults; /* owned */
	struct site_conf site_defaults;     /* owned */
	struct site_conf *sites;            /* owned; at least one */
	size_t n_sites;
	/* paths of all files that were read; each sites[].file is one of these pointers */
	char **files;
	size_t n_files;
	bool forgiving;  /* true if conf_load_start loaded this configuration */
	char **left_out; /* the first fault of each ignored file; owned, like its strings */
	size_t n_left_out;
	struct conf_host *hosts; /* owned; sorted by name; used by conf_site_for_host */
	size_t n_hosts;
};

/*
 * Reads the file, and the files that match its `sites` key. Checks each value, and then the values
 * against each other. On failure, *out is not set, and the error begins with "FILE:LINE: KEY: ".
 * The caller frees *out with conf_free.
 */
enum status conf_load(const char *file, struct conf **out, struct error *err);

/*
 * Like conf_load, but for the start of a server, when perhaps nobody can repair a fault at once. If
 * a file from `sites` has a fault, the file is ignored with all its sites. err must not be NULL.
 */
enum status conf_load_start(const char *file, struct conf **out, struct error *err);
void conf_free(struct conf *conf);

/*
 * Finds the configuration file and sets *out to its path. Uses the first of these that is set or
 * exists: `option` (the argument of -c), the environment variable PREBIND_CONF, the file in etc/
 * next to the folder of the binary, the installed file. Returns STATUS_NOT_FOUND if there is none,
 * and STATUS_UNAVAILABLE if a folder of a path cannot be searched. The caller frees *out.
 */
enum status conf_file_find(const char *option, char **out, struct error *err);

/*
 * Returns the site that has `host` (in lower case, without a port) in its `hosts`, or NULL if there
 * is none. If there is only one site, and its `hosts` is empty, returns this site for any host.
 * `host` can be NULL.
 */
const struct site_conf *conf_site_for_host(const struct conf *conf, const char *host);

/*
 * Returns the site named `name`. If name is NULL, returns the only site, or the site "default".
 * Returns NULL if there is no such site.
 */
const struct site_conf *conf_site_named(const struct conf *conf, const char *name);

/*
 * Returns the SASL mechanisms that work with the site's `bosh_auth`, separated by spaces. The
 * string is static.
 */
const char *conf_mechanisms(const struct site_conf *site);

bool conf_list_has(const struct conf_list *list, const char *word);
bool conf_site_has_provider(const struct site_conf *site, const char *provider);

/* The file and line of a key, for error sentences about its value. */
struct conf_place {
	/* borrowed from the configuration; NULL if the value is not from a file */
	const char *file;
	long line; /* line of the key or, if the key is not set, of its section; 0 if unknown */
	const char *key;
};
/* Returns the file and line of the site's key. site is NULL if the value is not from a file. */
struct conf_place conf_site_place(const struct site_conf *site, const char *key);
struct conf_place conf_server_place(const struct server_conf *server, const char *key);

/* Sets err to a sentence that begins with "FILE:LINE: KEY: ", as conf_load does. Returns status. */
enum status conf_fault(struct error *err, enum status status, struct conf_place place,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Puts "FILE:LINE: KEY: " before an error sentence from a function that does not know the key.
 * Returns status. Does nothing for STATUS_OK. Does nothing for STATUS_INTERNAL, because no key
 * causes an internal error. err can be NULL.
 */
enum status conf_blame(enum status status, struct error *err, struct conf_place place);

/*
 * Returns the site whose `database` is the file at this path, or NULL if there is none. The two
 * paths can be spelled differently. Calls stat for each site.
 */
const struct site_conf *conf_site_of_database(const struct conf *conf, const char *path);

/*
 * For a reload: returns the first key of [server] that differs but is read only at the start, or
 * NULL if there is none. Ignores `sites`, `log_level` and `trusted_proxies`, which a reload can
 * change.
 */
const char *conf_server_difference(const struct server_conf *a, const struct server_conf *b);

/*
 * Writes the effective configuration in a form that conf_load can read. Writes all keys, including
 * keys that have their default. Writes the names of secret files, but never their contents.
 */
void conf_print(const struct conf *conf, struct strbuf *out);
void conf_print_json(const struct conf *conf, struct strbuf *out);

/*
 * Returns a sentence that explains a key of [server] (if server is true) or [site], or NULL if
 * there is no such key. The sentence is static.
 */
const char *conf_key_what(bool server, const char *name);

/* Writes " key type default what" for each key, as `prebindctl conf --keys` prints it. */
void conf_print_keys(struct strbuf *out);
/* Writes all keys as a JSON array of objects. */
void conf_print_keys_json(struct strbuf *out);

#endif
