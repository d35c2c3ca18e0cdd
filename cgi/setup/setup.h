/*
 * Sets prebind up for a site: the questions, what is proposed, and what is written. prebindctl
 * setup asks at a terminal, and the page /setup of the kit in a browser (ctl/setup_page.h). From
 * the answers comes a list of files, which is shown first, and then written.
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
	SETUP_SITE,     /* folder of the site's software; "-": none */
	SETUP_URL,      /* the page's address */
	SETUP_LOGIN,    /* the identity provider */
	SETUP_DOMAIN,   /* of the users' JIDs */
	SETUP_XMPP,     /* address of Tigase's REST call, or of a BOSH service; xmpp.c */
	SETUP_AUTH,     /* tigase, or a word of bosh_auth */
	SETUP_JID,      /* the rule; names.c */
	SETUP_WEB,      /* the web server; part.c */
	SETUP_WEB_USER, /* from here on not asked: they have usable defaults */
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
 * Asks a person. words: the possible answers; NULL: others too. An empty answer is the proposal.
 * STATUS_BAD_REQUEST: nobody answers.
 */
typedef enum status setup_asker(const char *question, const char *const *words,
				const char *proposal, char line[SETUP_LINE_ROOM],
				struct error *err);

/* A key of [site] that no question is about. */
struct setup_key {
	char *name; /* owned, like value */
	char *value;
	bool given; /* by the operator: what is found in the site's folder does not replace it */
};

/* What to do with a file. */
enum setup_kind {
	SETUP_TEXT,   /* has our mark; replaced only if it is as we wrote it */
	SETUP_SECRET, /* made once; an existing one stays */
	SETUP_FOLDER,
	SETUP_KEPT /* is never written; only its rights are mended */
};

struct setup_file {
	enum setup_kind kind;
	char *path;            /* owned */
	struct strbuf content; /* without the mark; secret */
	const char *comment;   /* that begins a comment in it: "#" */
	mode_t mode;
	bool is_service; /* belongs to the account `user`, not to who runs setup */
	bool is_web;     /* its group is the web server's */
	const char *what;
};

#define SETUP_FILES_MAX 24

struct setup {
	FILE *say;        /* what is found, and what will be written; borrowed */
	setup_asker *ask; /* NULL: what is proposed is taken */
	/* Types a secret; NULL: nobody can. The caller frees *out with secret_free. */
	enum status (*ask_secret)(const char *what, char **out, struct error *err);
	const char *proposals[SETUP_COUNT]; /* that the caller knows better; borrowed; NULL: none */
	const char *missing[SETUP_MISSING_MAX]; /* keys that nobody could give; static */
	size_t n_missing;

	char *conf;                 /* owned; the path of prebind.conf */
	char *folder;               /* owned; the folder of conf, where the other files are, too */
	char *answers[SETUP_COUNT]; /* owned; NULL: not answered yet */
	struct setup_key keys[SETUP_KEYS_MAX];
	size_t n_keys;

	/* Found by find.c, xmpp.c. */
	const char *software;     /* "phpBB"; static; NULL: none that we know */
	const char *login_found;  /* the provider that suits it; static */
	const char *names_sql;    /* the users' names, for site_rows_each; static; NULL: unknown */
	const char *table_prefix; /* the one of the ready query, "phpbb_"; static; NULL: none */
	char *table_prefix_found; /* owned; NULL: the same */
	char *wordpress;   /* owned; the path of wp-config.php, if its keys are needed; NULL: not */
	char *secret;      /* owned; the site's own key for `site_secret_file`; NULL: none */
	char *db_password; /* owned; of the site's database; NULL: none */
	char *tigase_password;   /* owned; NULL: it is asked for */
	const char *xmpp_server; /* "prosody", "ejabberd", "tigase", "other"; NULL: none answered */
	bool xmpp_tried;         /* the usual addresses were tried */

	struct setup_file files[SETUP_FILES_MAX];
	size_t n_files;
};

/* ---- answers ---- */

/* questions.c: a row of the table. */
struct setup_question {
	const char *name;
	const char *ask;                         /* NULL: it is not asked */
	char *(*propose)(struct setup *setup);   /* owned by the caller; NULL: nothing */
	const char *(*check)(const char *value); /* what is wrong with it; NULL: nothing */
	const char *const *words;                /* NULL: any value that check allows */
};
const struct setup_question *setup_question(enum setup_name name);

/* answers.c: an answer, or a key of the site. What was given before stays. */
enum status setup_given(struct setup *setup, const char *name, const char *value,
			struct error *err);
/* "NAME=VALUE", with blanks around both. Changes the text. */
enum status setup_given_line(struct setup *setup, char *line, struct error *err);
/* A file of such lines. */
enum status setup_given_file(struct setup *setup, const char *file, struct error *err);
/* Asks for what was not given, or takes what is proposed. */
enum status setup_ask(struct setup *setup, struct error *err);
const char *setup_answer(const struct setup *setup, enum setup_name name); /* "" if not there */

/* The value of a key of [site]; NULL: not set. */
const char *setup_key_get(const struct setup *setup, const char *name);
/* Sets it, unless the operator did. */
enum status setup_key_set(struct setup *setup, const char *name, const char *value);

/* ---- what is found ---- */

/* find.c: which software is in the folder of the site, and the keys that follow from it. */
void setup_find(struct setup *setup);

/* The settings of a database, as the software has them. Members are owned; NULL: not set. */
struct setup_database {
	char *kind; /* "mysqli", "pgsql", "sqlite", … */
	char *host;
	char *port;
	char *name;
	char *user;
	char *password;
};

/* site_database.c: sets site_database, and keeps the password for a file of its own. */
void setup_database_take(struct setup *setup, struct setup_database *from);
void setup_database_clear(struct setup_database *database);
/* site_database.c: the setting table_prefix. The caller frees it; NULL: not there, or no name. */
char *setup_prefix_find(const char *text);
/* site_database.c: true if the site's tables have another prefix than the ready query. */
bool setup_prefix_is_other(const struct setup *setup);
/* site_database.c: appends SQL of ours with the prefix of the site's tables. */
void setup_prefix_write(const struct setup *setup, const char *sql, struct strbuf *out);
/*
 * site_database.c: site_rows_each in the database that was found, with its password. sql has
 * the prefix of the ready query. The error says why it cannot be asked.
 */
enum status setup_rows_each(const struct setup *setup, const char *sql, site_row *each, void *arg,
			    struct error *err);

/*
 * xmpp.c: tries the address that was answered, or the usual ones. Prints what answers, or why none
 * could be asked. *out: the usual one that answers, owned by the caller; NULL: none. out may be
 * NULL.
 */
void setup_xmpp_find(struct setup *setup, char **out);

/* names.c: the rule that suits the site's names; prints what each rule would do. */
enum status setup_names_rule(struct setup *setup, char **out, struct error *err);

/*
 * text.c: reads a file of the site; false: it is not there, or cannot be read, and then the reason
 * is printed.
 */
bool setup_text_read(const char *folder, const char *name, struct strbuf *out, FILE *say);
/*
 * Finds the text value of a setting in PHP or Python: $name = 'value', 'name' => 'value',
 * define('name', 'value'), name = "value". The caller frees it; NULL: not there.
 */
char *setup_text_value(const char *text, const char *name);
/* Overwrites comments of PHP with blanks. */
void setup_text_uncomment(char *text);

/* ---- what is written ---- */

/* plan.c: begins. file: the whole path of prebind.conf. The caller calls setup_clear. */
enum status setup_begin(struct setup *setup, const char *file, struct error *err);
void setup_clear(struct setup *setup);
/*
 * plan.c: makes the list of files. The configuration is the last one, and was tried. The sentence
 * of a fault names the key.
 */
enum status setup_plan(struct setup *setup, struct error *err);
/* plan.c: says what is left for the operator. */
void setup_say_next(const struct setup *setup);
/* The folder of a path; the caller frees it. */
char *setup_folder_of(const char *path);
/* True if this is the word that was answered. */
bool setup_answer_is(const struct setup *setup, enum setup_name name, const char *word);

/* conf.c: appends prebind.conf. */
void setup_conf_write(const struct setup *setup, struct strbuf *out);
/* The path at which the page is, without a slash at its end; "" for the root. The caller frees. */
char *setup_mount(const struct setup *setup);

/* part.c: the words of the question for the web server; the last one is NULL. */
extern const char *const setup_web_words[];
/* The web server that this machine has; static. */
const char *setup_web_found(void);
bool setup_web_has_socket(const struct setup *setup);
/* True if the web server passes the browser's calls on to the XMPP server. */
bool setup_web_has_proxy(const struct setup *setup);
/* The default for where its part goes. The caller frees it. */
char *setup_web_file(const struct setup *setup);
/* Append the parts, made from the shipped files. */
enum status setup_web_write(const struct setup *setup, struct strbuf *out, struct error *err);
enum status setup_xmpp_write(const struct setup *setup, struct strbuf *out, struct error *err);
/* Appends the commands that are left, for a shell; nothing if some have to be done by hand. */
enum status setup_start_write(const struct setup *setup, struct strbuf *out, struct error *err);
#define SETUP_START "start.sh"

/* files.c: adds a file to the list. content may be NULL; it is emptied. */
enum status setup_file_add(struct setup *setup, const struct setup_file *file, const char *path,
			   struct strbuf *content, struct error *err);
/* STATUS_FORBIDDEN: a file is there that setup did not write, or that was changed since. */
enum status setup_files_show(const struct setup *setup, struct error *err);
enum status setup_files_write(const struct setup *setup, struct error *err);
/* mend.c: adds what is there of the database, and has wrong rights. */
enum status setup_mend_database(struct setup *setup, struct error *err);
/* mend.c: true if the file is there, but prebind cannot use it, or others can read or write it. */
bool setup_mend_is_needed(const struct setup *setup, const struct setup_file *file);
/* mend.c: sets owner and mode. */
enum status setup_mend(const struct setup *setup, const struct setup_file *file, struct error *err);
/* True if setup may write a text there. */
bool setup_file_is_free(const char *path);

#endif
