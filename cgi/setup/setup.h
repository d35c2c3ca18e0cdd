/*
 * Sets prebind up for a site: the questions, the proposed answers, and the files to write.
 * prebindctl setup asks at a terminal. The page /setup of the kit asks in a browser
 * (ctl/setup_page.h). The answers become a list of files. The list is shown first, and then
 * written.
 */
#ifndef SETUP_SETUP_H
#define SETUP_SETUP_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"
#include "sitedb/site_rows.h"

/* The questions, in the order in which they are asked. The table is in questions.c. */
enum setup_name {
	SETUP_SITE,     /* folder of the site's software; "-" if there is none */
	SETUP_URL,      /* the page's address */
	SETUP_LOGIN,    /* the identity provider */
	SETUP_DOMAIN,   /* the domain of the users' JIDs */
	SETUP_XMPP,     /* address of Tigase's REST call, or of a BOSH service; see xmpp.c */
	SETUP_AUTH,     /* tigase, or a word of bosh_auth */
	SETUP_JID,      /* the rule; see names.c */
	SETUP_WEB,      /* the web server; see part.c */
	SETUP_WEB_USER, /* this and all below have usable defaults, and are not asked */
	SETUP_USER,
	SETUP_DATABASE,
	SETUP_LISTEN,
	SETUP_TEMPLATES,
	SETUP_SHARE,
	SETUP_WEB_FILE,
	SETUP_XMPP_FILE,
	SETUP_PROXIES, /* `trusted_proxies` */
	SETUP_COUNT
};

#define SETUP_KEYS_MAX    64
#define SETUP_MISSING_MAX 16
#define SETUP_LINE_ROOM   4096 /* bytes of an answer */

/*
 * Asks a person. words has the possible answers; if it is NULL, other answers are possible too. An
 * empty answer means the proposal. Returns STATUS_BAD_REQUEST if nobody answers.
 */
typedef enum status setup_asker(const char *question, const char *const *words,
				const char *proposal, char line[SETUP_LINE_ROOM],
				struct error *err);

/* A key of [site] that no question is about. */
struct setup_key {
	char *name; /* owned, like value */
	char *value;
	bool given; /* set by the operator; a value from the site's folder does not replace it */
};

/* What to do with a file. */
enum setup_kind {
	SETUP_TEXT,   /* a text with our mark; replaced only if nobody changed it */
	SETUP_SECRET, /* made once; an existing one is not replaced */
	SETUP_FOLDER,
	SETUP_KEPT /* never written; only its owner and mode are corrected */
};

struct setup_file {
	enum setup_kind kind;
	char *path;            /* owned */
	struct strbuf content; /* without the mark; it is secret */
	const char *comment;   /* the start of a comment in the file, such as "#" */
	mode_t mode;
	bool is_service; /* belongs to the account `user`, not to the account that runs setup */
	bool is_web;     /* its group is the web server's */
	const char *what;
};

#define SETUP_FILES_MAX 24

struct setup {
	FILE *say;        /* gets what is found, and what will be written; borrowed */
	setup_asker *ask; /* if NULL, the proposals are taken */
	/* Asks for a secret. NULL if nobody can type it. The caller frees *out with secret_free. */
	enum status (*ask_secret)(const char *what, char **out, struct error *err);
	const char *proposals[SETUP_COUNT];     /* used instead of setup's own; borrowed; or NULL */
	const char *missing[SETUP_MISSING_MAX]; /* needed keys without a value; static */
	size_t n_missing;

	char *conf;                 /* owned; the path of prebind.conf */
	char *folder;               /* owned; the folder of conf, where the other files are, too */
	char *answers[SETUP_COUNT]; /* owned; NULL while not answered */
	struct setup_key keys[SETUP_KEYS_MAX];
	size_t n_keys;

	/* These are found by find.c and xmpp.c. */
	const char *software;     /* such as "phpBB"; static; NULL if not known */
	const char *login_found;  /* the provider that suits the software; static */
	const char *names_sql;    /* SQL for the users' names (site_rows_each); static; or NULL */
	const char *table_prefix; /* prefix in the ready query, such as "phpbb_"; static; or NULL */
	char *table_prefix_found; /* prefix in the site's settings; owned; NULL if not found */
	char *wordpress;   /* owned; the path of wp-config.php; NULL if its keys are not needed */
	char *secret;      /* owned; the site's own key for `site_secret_file`; or NULL */
	char *db_password; /* owned; password of the site's database; or NULL */
	char *tigase_password;   /* owned; NULL if it is asked for */
	const char *xmpp_server; /* "prosody", "ejabberd", "tigase", "other"; NULL if not known */
	bool xmpp_tried;         /* the usual addresses were tried */

	struct setup_file files[SETUP_FILES_MAX];
	size_t n_files;
};

/* ---- answers ---- */

/* questions.c: a row of the table. */
struct setup_question {
	const char *name;
	const char *ask;                         /* NULL if it is not asked */
	char *(*propose)(struct setup *setup);   /* owned by the caller; NULL if there is none */
	const char *(*check)(const char *value); /* what is wrong; NULL if nothing is */
	const char *const *words;                /* the possible answers; NULL if check decides */
};
const struct setup_question *setup_question(enum setup_name name);

/* answers.c: sets an answer, or a key of the site. What was given before is not replaced. */
enum status setup_given(struct setup *setup, const char *name, const char *value,
			struct error *err);
/* Reads "NAME=VALUE", with blanks around both parts. Changes the text. */
enum status setup_given_line(struct setup *setup, char *line, struct error *err);
/* Reads a file of such lines. */
enum status setup_given_file(struct setup *setup, const char *file, struct error *err);
/* Asks for the answers that were not given, or takes the proposals. */
enum status setup_ask(struct setup *setup, struct error *err);
const char *setup_answer(const struct setup *setup, enum setup_name name); /* "" if there is none */

/* Returns the value of a key of [site], or NULL if it is not set. */
const char *setup_key_get(const struct setup *setup, const char *name);
/* Sets a key of [site], unless the operator has set it. */
enum status setup_key_set(struct setup *setup, const char *name, const char *value);

/* ---- what is found ---- */

/*
 * find.c: finds out which software is in the site's folder, and sets the keys that follow from it.
 */
void setup_find(struct setup *setup);

/* The settings of a database, as the software has them. Members are owned; NULL if not set. */
struct setup_database {
	char *kind; /* "mysqli", "pgsql", "sqlite", … */
	char *host;
	char *port;
	char *name;
	char *user;
	char *password;
};

/*
 * site_database.c: sets site_database. Takes over the password, which is later written to a file.
 */
void setup_database_take(struct setup *setup, struct setup_database *from);
void setup_database_clear(struct setup_database *database);
/*
 * site_database.c: finds the setting table_prefix. Returns NULL if it is not there, or is not a
 * name. The caller frees it.
 */
char *setup_prefix_find(const char *text);
/* site_database.c: true if the site's tables have another prefix than the ready query. */
bool setup_prefix_is_other(const struct setup *setup);
/* site_database.c: appends sql, with the prefix of the site's tables. */
void setup_prefix_write(const struct setup *setup, const char *sql, struct strbuf *out);
/*
 * site_database.c: calls site_rows_each for the database that was found, with its password. The
 * tables in sql have the prefix of the ready query. The error says why the database cannot be
 * queried.
 */
enum status setup_rows_each(const struct setup *setup, const char *sql, site_row *each, void *arg,
			    struct error *err);

/*
 * xmpp.c: tries the address that was answered, or the usual addresses. Prints what answers, or why
 * no address could be tried. *out is the usual address that answers, owned by the caller, or NULL.
 * out can be NULL.
 */
void setup_xmpp_find(struct setup *setup, char **out);

/* names.c: finds the rule that suits the site's names, and prints what each rule would do. */
enum status setup_names_rule(struct setup *setup, char **out, struct error *err);

/*
 * text.c: reads a file of the site. Returns false if it is not there or cannot be read. If it is
 * there but cannot be read, prints the reason.
 */
bool setup_text_read(const char *folder, const char *name, struct strbuf *out, FILE *say);
/*
 * Finds the text value of a setting in PHP or Python: $name = 'value', 'name' => 'value',
 * define('name', 'value'), name = "value". Returns NULL if it is not there. The caller frees it.
 */
char *setup_text_value(const char *text, const char *name);
/* Overwrites comments of PHP with blanks. */
void setup_text_uncomment(char *text);

/* ---- what is written ---- */

/* plan.c: begins a setup. file is the whole path of prebind.conf. The caller calls setup_clear. */
enum status setup_begin(struct setup *setup, const char *file, struct error *err);
void setup_clear(struct setup *setup);
/*
 * plan.c: makes the list of files. The configuration is the last file, and is loaded as a test. If
 * a value is wrong, the error sentence names its key.
 */
enum status setup_plan(struct setup *setup, struct error *err);
/* plan.c: prints what is left to do for the operator. */
void setup_say_next(const struct setup *setup);
/* Returns the folder of a path. The caller frees it. */
char *setup_folder_of(const char *path);
/* True if the answer is this word. */
bool setup_answer_is(const struct setup *setup, enum setup_name name, const char *word);

/* conf.c: appends the text of prebind.conf. */
void setup_conf_write(const struct setup *setup, struct strbuf *out);
/* Returns the page's path without a slash at its end, or "" for the root. The caller frees it. */
char *setup_mount(const struct setup *setup);

/* part.c: the words of the question for the web server; the last one is NULL. */
extern const char *const setup_web_words[];
/* Returns the web server that this machine has; static. */
const char *setup_web_found(void);
bool setup_web_has_socket(const struct setup *setup);
/* True if the web server passes the browser's calls on to the XMPP server. */
bool setup_web_has_proxy(const struct setup *setup);
/* Returns the default path of the web server's part. The caller frees it. */
char *setup_web_file(const struct setup *setup);
/* Append the web server's and the XMPP server's part, made from the shipped files. */
enum status setup_web_write(const struct setup *setup, struct strbuf *out, struct error *err);
enum status setup_xmpp_write(const struct setup *setup, struct strbuf *out, struct error *err);
/* Appends shell commands for the remaining steps, or nothing if a step must be done by hand. */
enum status setup_start_write(const struct setup *setup, struct strbuf *out, struct error *err);
#define SETUP_START "start.sh"

/* files.c: adds a file to the list. content can be NULL, and is emptied. */
enum status setup_file_add(struct setup *setup, const struct setup_file *file, const char *path,
			   struct strbuf *content, struct error *err);
/*
 * Shows what will be done. Returns STATUS_FORBIDDEN if a file is there that setup did not write, or
 * that was changed since then.
 */
enum status setup_files_show(const struct setup *setup, struct error *err);
enum status setup_files_write(const struct setup *setup, struct error *err);
/* mend.c: adds the existing folder and files of the database, if their rights are wrong. */
enum status setup_mend_database(struct setup *setup, struct error *err);
/* mend.c: true if the file is there, but prebind cannot use it, or others can read or write it. */
bool setup_mend_is_needed(const struct setup *setup, const struct setup_file *file);
/* mend.c: sets owner and mode. */
enum status setup_mend(const struct setup *setup, const struct setup_file *file, struct error *err);
/* True if setup is allowed to write a text there. */
bool setup_file_is_free(const char *path);

#endif
