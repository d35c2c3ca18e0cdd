/*
 * The table of keys in prebind.conf: a row has all data of one key. Reading, checking, defaults,
 * printing and the reference use this table. Internal to conf/.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

#define CONF_SECTION_MAX 258 /* bytes of "site " and the longest domain name */
/* maximum number of rows in the table; keys.c checks it at compile time */
#define CONF_KEYS_MAX 128

enum conf_section { SECTION_NONE, SECTION_SERVER, SECTION_SITE };

/*
 * The types of values. conf/value.c has a row for each type. The brackets below hold the C type of
 * the struct's member.
 */
enum conf_type {
	TYPE_BOOL,    /* on or off (bool) */
	TYPE_INTEGER, /* a whole number (long) */
	TYPE_SECONDS, /* such as 60 or 60s (long) */
	TYPE_TIME,    /* such as 30m (long, in milliseconds) */
	TYPE_LIMIT,   /* such as 10/1m (struct conf_limit) */
	TYPE_ENUM,    /* one of the key's words (long, the index of the word) */
	/* several of the key's words or, if the key has none, any words (struct conf_list) */
	TYPE_WORDS,
	TYPE_HOSTS,    /* host names (struct conf_list, as for the types up to TYPE_PINS) */
	TYPE_NODES,    /* host names, each as NAME or NAME=PUBLIC */
	TYPE_URLS,     /* URLs that prebind calls */
	TYPE_NETS,     /* IP addresses and networks */
	TYPE_ORIGINS,  /* origins of pages that are allowed to send us a form */
	TYPE_COOKIES,  /* names of cookies */
	TYPE_JIDS,     /* bare JIDs of people */
	TYPE_REALMS,   /* realms and their prefixes, as in conf/realm.h */
	TYPE_PINS,     /* public keys, written as libcurl expects them */
	TYPE_ROOMS,    /* rooms and their names (struct conf_rooms) */
	TYPE_MOUNT,    /* base_path or public_path; also sets base_path_set or public_path_set */
	TYPE_WORD,     /* a string without spaces (char *, as for the types that follow) */
	TYPE_HOST,     /* one host, without a port */
	TYPE_COOKIE,   /* a cookie's name */
	TYPE_OWN_NAME, /* a part of the names of prebind's cookies */
	TYPE_KEYS,     /* a path into a session, such as user.name */
	TYPE_SESSIONS, /* PHP's session.save_path */
	TYPE_PATH,     /* absolute path; max is its length in bytes, 0 for any length */
	TYPE_SITE_DB,  /* a path, or a URI as in conf/site_uri.h */
	TYPE_OWN_DB,   /* a path, or a PostgreSQL URI */
	TYPE_URL,      /* a URL that prebind calls */
	TYPE_LOG,      /* stderr, syslog or a path */
	TYPE_LINK,     /* a URL or path for a browser */
	TYPE_BOSH_URL, /* a URL or path for the script of a page */
	TYPE_JID_RULE,
	TYPE_RESOURCE,
	TYPE_COUNT
};

enum conf_needed {
	NEEDED_NEVER,
	NEEDED_ALWAYS,
	NEEDED_BY_TIGASE,
	NEEDED_BY_BOSH,
	NEEDED_BY_TOKEN,
	NEEDED_BY_BOSH_JWT,
	NEEDED_BY_BOSH_OAUTH,
	NEEDED_BY_BOSH_TOKEN,
	NEEDED_BY_EJABBERD,
	NEEDED_BY_SITE_SESSION,
	NEEDED_BY_SITE_COOKIE, /* needed by provider site_session, except with WordPress */
	NEEDED_BY_PHP_SESSION,
	NEEDED_BY_SITE_HTTP,
	NEEDED_BY_GUEST
};

struct conf_key {
	enum conf_section section;
	const char *name;
	enum conf_type type;
	size_t offset;       /* offset of the member in struct server_conf or struct site_conf */
	const char *initial; /* the default, as it would be written in the file */
	long min;            /* for integers, seconds and times (times in milliseconds) */
	long max;
	/* allowed words; ends with NULL; for TYPE_ENUM in the order of the enum */
	const char *const *words;
	enum conf_needed needed;
	bool secret_file; /* true if the value is the path of a file with a secret */
	const char *what; /* a sentence that explains the key */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_n_keys;

/*
 * Phrases for the end of a sentence, such as " with backend = bosh"; one for each value of enum
 * conf_needed. The phrases of NEEDED_NEVER and NEEDED_ALWAYS are "".
 */
extern const char *const conf_needed_with[];

/* Returns the key of this name in this section, or NULL if there is none. */
const struct conf_key *conf_key_find(enum conf_section section, const char *name);

#endif
