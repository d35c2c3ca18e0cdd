/*
 * The keys of prebind.conf: one row a key, and the row is all there is to say about it. Reading,
 * checking, defaults, printing and the reference all walk this table. Internal to conf/.
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

#define CONF_SECTION_MAX 258 /* "site " and the longest domain name */
#define CONF_KEYS_MAX    128 /* rows the table may have; checked when keys.c is compiled */

enum conf_section { SECTION_NONE, SECTION_SERVER, SECTION_SITE };

/* What kind of value; conf/value.c has a row for each. In brackets: the type of the field. */
enum conf_type {
	TYPE_BOOL,     /* on, off (bool) */
	TYPE_INTEGER,  /* (long) */
	TYPE_SECONDS,  /* 60 or 60s (long) */
	TYPE_TIME,     /* 30m (long, in milliseconds) */
	TYPE_LIMIT,    /* 10/1m (struct conf_limit) */
	TYPE_ENUM,     /* one of words (long, its index) */
	TYPE_WORDS,    /* some of words, or any (struct conf_list) */
	TYPE_HOSTS,    /* (struct conf_list, as all up to TYPE_PINS) */
	TYPE_NODES,    /* NAME or NAME=PUBLIC */
	TYPE_URLS,     /* what we call */
	TYPE_ORIGINS,  /* whose pages may send us a form */
	TYPE_PINS,     /* public keys, as libcurl takes them */
	TYPE_MOUNT,    /* base_path or public_path of struct site_conf, with its _set */
	TYPE_WORD,     /* no blanks (char *, as all that follow) */
	TYPE_REALM,    /* what stands behind the @ of user@REALM */
	TYPE_COOKIE,   /* a cookie's name */
	TYPE_OWN_NAME, /* what the names of our cookies are made of */
	TYPE_KEYS,     /* where in a session: user.name */
	TYPE_SESSIONS, /* PHP's session.save_path */
	TYPE_PATH,     /* absolute; max: bytes, 0: any */
	TYPE_URL,      /* what we call */
	TYPE_LOG,      /* stderr, syslog or a path */
	TYPE_LINK,     /* where a browser goes */
	TYPE_BOSH_URL, /* where the page's script goes */
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
	NEEDED_BY_PHP_SESSION
};

struct conf_key {
	enum conf_section section;
	const char *name;
	enum conf_type type;
	size_t offset;       /* of the field in struct server_conf or struct site_conf */
	const char *initial; /* the default, as it would stand in the file */
	long min;            /* integers and seconds; times in milliseconds */
	long max;
	const char *const *words; /* NULL at the end; TYPE_ENUM: in the order of the enum */
	enum conf_needed needed;
	bool secret_file; /* names a file with a secret in it */
	const char *what; /* one sentence */
};

extern const struct conf_key conf_keys[];
extern const size_t conf_n_keys;

/* NULL: there is none of that name in that section. */
const struct conf_key *conf_key_find(enum conf_section section, const char *name);

#endif
