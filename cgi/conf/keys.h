/*
 * The keys of prebind.conf: a row has everything about one key. Reading, checking, defaults,
 * printing and the reference use this table. Internal to conf/.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

#define CONF_SECTION_MAX 258 /* bytes: "site " and the longest domain name */
#define CONF_KEYS_MAX    128 /* maximum rows of the table; checked when keys.c is compiled */

enum conf_section { SECTION_NONE, SECTION_SERVER, SECTION_SITE };

/* The types of values. conf/value.c has a row for each. The type of the field is in brackets. */
enum conf_type {
	TYPE_BOOL,     /* on, off (bool) */
	TYPE_INTEGER,  /* (long) */
	TYPE_SECONDS,  /* 60 or 60s (long) */
	TYPE_TIME,     /* 30m (long, in milliseconds) */
	TYPE_LIMIT,    /* 10/1m (struct conf_limit) */
	TYPE_ENUM,     /* one of the key's words (long, its index) */
	TYPE_WORDS,    /* some of the key's words, or any words (struct conf_list) */
	TYPE_HOSTS,    /* (struct conf_list, as for all types up to TYPE_PINS) */
	TYPE_NODES,    /* NAME or NAME=PUBLIC */
	TYPE_URLS,     /* addresses that we call */
	TYPE_NETS,     /* IP addresses and networks */
	TYPE_ORIGINS,  /* origins of pages that can send us a form */
	TYPE_COOKIES,  /* names of cookies */
	TYPE_JIDS,     /* bare JIDs of people */
	TYPE_REALMS,   /* realms and their prefixes, as in conf/realm.h */
	TYPE_PINS,     /* public keys, in the form of libcurl */
	TYPE_ROOMS,    /* rooms with their names (struct conf_rooms) */
	TYPE_MOUNT,    /* base_path or public_path of struct site_conf, with its _set */
	TYPE_WORD,     /* a text without blanks (char *, as for all types that follow) */
	TYPE_HOST,     /* one host, without a port */
	TYPE_COOKIE,   /* a cookie's name */
	TYPE_OWN_NAME, /* part of the names of our cookies */
	TYPE_KEYS,     /* a place in a session, such as user.name */
	TYPE_SESSIONS, /* PHP's session.save_path */
	TYPE_PATH,     /* absolute; max is in bytes, 0 for any length */
	TYPE_SITE_DB,  /* a path, or an address as in conf/site_uri.h */
	TYPE_OWN_DB,   /* a path, or PostgreSQL's address */
	TYPE_URL,      /* an address that we call */
	TYPE_LOG,      /* stderr, syslog or a path */
	TYPE_LINK,     /* an address for a browser */
	TYPE_BOSH_URL, /* an address for the page's script */
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
	NEEDED_BY_SITE_COOKIE, /* for site_session, except with WordPress */
	NEEDED_BY_PHP_SESSION,
	NEEDED_BY_SITE_HTTP,
	NEEDED_BY_GUEST
};

struct conf_key {
	enum conf_section section;
	const char *name;
	enum conf_type type;
	size_t offset;       /* of the field in struct server_conf or struct site_conf */
	const char *initial; /* the default, as written in the file */
	long min;            /* for integers, seconds, and times (in milliseconds) */
	long max;
	const char *const *words; /* ends with NULL; for TYPE_ENUM in the order of the enum */
	enum conf_needed needed;
	bool secret_file; /* names a file with a secret */
	const char *what; /* one sentence that explains the key */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_n_keys;

/*
 * For each conf_needed, the end of a sentence, such as " with backend = bosh". It is "" for always
 * and never.
 */
extern const char *const conf_needed_with[];

/* Returns the key of that name in that section, or NULL if there is none. */
const struct conf_key *conf_key_find(enum conf_section section, const char *name);

#endif
