/*
 * Sets prebind up for a site: the questions, the proposed answers, and the files to write.
 * prebindctl setup asks at a terminal. The kit's page /setup asks in a browser (ctl/setup_page.h).
 * From the answers, setup makes a list of files. It shows the list first, and then writes the
 * files.
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

/* The questions, in the order in which setup asks them. questions.c has the table. */
enum setup_name {
	SETUP_SITE,     /* folder of the site's software; "-" if there is none */
	SETUP_URL,      /* the chat page's address */
	SETUP_LOGIN,    /* the identity provider */
	SETUP_DOMAIN,   /* the domain of the users' JIDs */
	SETUP_XMPP,     /* address of Tigase's REST call or of a BOSH service; see xmpp.c */
	SETUP_AUTH,     /* "tigase", or a value of bosh_auth */
	SETUP_JID,      /* the rule for JIDs; see names.c */
	SETUP_WEB,      /* the web server; see part.c */
	SETUP_WEB_USER, /* from here on, setup does not ask; each has a usable default */
	SETUP_USER,
	SETUP_DATABASE,
	SETUP_LISTEN,
	SETUP_TEMPLATES,
	SETUP_SHARE,
	SETUP_WEB_FILE,
	SETUP_XMPP_FILE,
	SETUP_PROXIES, /* value of `trusted_proxies` */
	SETUP_COUNT
};

#define SETUP_KEYS_MAX    64
#define SETUP_MISSING_MAX 16
#define SETUP_LINE_ROOM   4096 /* in bytes, for an answer */

/*
 * Asks a person. `words` has the allowed answers; NULL allows every answer. If the person enters
 * nothing, the answer is the proposed answer. Returns STATUS_BAD_REQUEST if there is no answer.
 */
typedef enum status setup_asker(const char *question, const char *const *words,
				const char *proposal, char line[SETUP_LINE_ROOM],
				struct error *err);

/* A key of [site] that is not the answer to a question. */
struct setup_key {
	char *name; /* owned, like value */
	char *value;
	bool given; /* given by the operator; a value from the site's files does not replace it */
};

/* How setup handles a file. */
enum setup_kind {
	SETUP_TEXT,   /* a text file with our mark; replaced only if nobody else has changed it */
	SETUP_SECRET, /* written only if it does not exist */
	SETUP_FOLDER,
	SETUP_KEPT /* never written; only its owner and mode are corrected */
};

struct setup_file {
	enum setup_kind kind;
	char *path;            /* owned */
	struct strbuf content; /* the file's content without the mark; secret */
	const char *comment;   /* start of a comment line in the file, such as "#" */
	mode_t mode;
	bool is_service; /* true if the file belongs to the account `user` */
	bool is_web;     /* true if the file's group is the web server's */
	const char *what;
};

#define SETUP_FILES_MAX 24

struct setup {
	FILE *say;        /* where setup prints what it finds and will write; borrowed */
	setup_asker *ask; /* NULL to use the proposed answers without asking */
	/*
	 * Asks for a secret. The pointer is NULL if nobody can type a secret. The caller frees *out
	 * with secret_free.
	 */
	enum status (*ask_secret)(const char *what, char **out, struct error *err);
	const char *proposals[SETUP_COUNT];     /* override setup's own; borrowed or NULL */
	const char *missing[SETUP_MISSING_MAX]; /* keys that are needed but have no value; static */
	size_t n_missing;

	char *conf;                 /* owned; the path of prebind.conf */
	char *folder;               /* owned; the folder of conf and of the other files */
	char *answers[SETUP_COUNT]; /* owned; NULL until answered */
	struct setup_key keys[SETUP_KEYS_MAX];
	size_t n_keys;

	/* find.c and xmpp.c set the following members. */
	const char *software;     /* such as "phpBB"; static; NULL if not known */
	const char *login_found;  /* the identity provider for this software; static */
	const char *names_sql;    /* SQL for the users' names (site_rows_each); static, or NULL */
	const char *table_prefix; /* prefix in the installed query ("phpbb_"); static, or NULL */
	char *table_prefix_found; /* the prefix in the site's settings; owned; NULL if not found */
	char *wordpress;         /* path of wp-config.php; owned; NULL if its keys are not needed */
	char *secret;            /* the site's own key for `site_secret_file`; owned; can be NULL */
	char *db_password;       /* the site's database password; owned; can be NULL */
	char *tigase_password;   /* owned; NULL if not given */
	const char *xmpp_server; /* "prosody", "ejabberd", "tigase", "other"; NULL if not known */
	bool xmpp_tried;         /* true if the usual addresses were tried */

	struct setup_file files[SETUP_FILES_MAX];
	size_t n_files;
};

/* ---- answers ---- */

/* questions.c: a question. */
struct setup_question {
	const char *name;
	const char *ask;                         /* the question's text; NULL if it is not asked */
	char *(*propose)(struct setup *setup);   /* the caller frees it; NULL if there is none */
	const char *(*check)(const char *value); /* NULL, or what is wrong with the value */
	const char *const *words;                /* allowed answers; NULL if check decides */
};
const struct setup_question *setup_question(enum setup_name name);

/* answers.c: sets an answer or a key of [site]. Does not replace an earlier value. */
enum status setup_given(struct setup *setup, const char *name, const char *value,
			struct error *err);
/* Parses "NAME=VALUE". Spaces around NAME and VALUE are ignored. Changes the string. */
enum status setup_given_line(struct setup *setup, char *line, struct error *err);
/* Reads a file with lines like "NAME=VALUE". */
enum status setup_given_file(struct setup *setup, const char *file, struct error *err);
/* Asks for the missing answers, or uses the proposed answers. */
enum status setup_ask(struct setup *setup, struct error *err);
const char *setup_answer(const struct setup *setup, enum setup_name name); /* "" if not answered */

/* Returns the value of a key of [site], or NULL if it is not set. */
const char *setup_key_get(const struct setup *setup, const char *name);
/* Sets a key of [site], unless the operator has set it. */
enum status setup_key_set(struct setup *setup, const char *name, const char *value);

/* ---- what is found ---- */

/* find.c: finds out which software is in the site's folder, and sets the keys for this software. */
void setup_find(struct setup *setup);

/*
 * A database's settings, as the site's software has them. Members are owned, and NULL if not set.
 */
struct setup_database {
	char *kind; /* such as "mysqli", "pgsql" or "sqlite" */
	char *host;
	char *port;
	char *name;
	char *user;
	char *password;
};

/*
 * site_database.c: sets site_database. Moves the password out of `from`, because the password is
 * later written to a file.
 */
void setup_database_take(struct setup *setup, struct setup_database *from);
void setup_database_clear(struct setup_database *database);
/*
 * site_database.c: finds the setting table_prefix in the text. Returns NULL if there is none, or if
 * its value is not a valid name. The caller frees it.
 */
char *setup_prefix_find(const char *text);
/*
 * site_database.c: true if the table prefix of the site differs from the prefix of the installed
 * query.
 */
bool setup_prefix_is_other(const struct setup *setup);
/* site_database.c: appends sql, with its table prefix replaced by the table prefix of the site. */
void setup_prefix_write(const struct setup *setup, const char *sql, struct strbuf *out);
/*
 * site_database.c: calls site_rows_each on the site's database, using the database's password. The
 * tables in `sql` have the prefix of the installed query. On failure, err says why.
 */
enum status setup_rows_each(const struct setup *setup, const char *sql, site_row *each, void *arg,
			    struct error *err);

/*
 * xmpp.c: tries the address that was given, or the usual addresses. Prints which server answers, or
 * why no address could be tried. *out is the usual address that answers, or NULL; the caller frees
 * it. `out` can be NULL.
 */
void setup_xmpp_find(struct setup *setup, char **out);

/* names.c: finds a rule for the site's user names, and prints the effect of each rule. */
enum status setup_names_rule(struct setup *setup, char **out, struct error *err);

/*
 * text.c: reads a file of the site. Returns false if the file does not exist. If it exists but
 * cannot be read, prints the reason and returns false.
 */
bool setup_text_read(const char *folder, const char *name, struct strbuf *out, FILE *say);
/*
 * Finds the string value of a setting in PHP or Python, such as $name = 'value', 'name' => 'value',
 * define('name', 'value') or name = "value". Returns NULL if there is none. The caller frees it.
 */
char *setup_text_value(const char *text, const char *name);
/* Overwrites PHP comments with spaces. */
void setup_text_uncomment(char *text);

/* ---- what is written ---- */

/*
 * plan.c: initializes a setup. `file` is the full path of prebind.conf. The caller must call
 * setup_clear.
 */
enum status setup_begin(struct setup *setup, const char *file, struct error *err);
void setup_clear(struct setup *setup);
/*
 * plan.c: makes the list of files. The configuration comes last, and is loaded as a test. If a
 * value is wrong, err names its key.
 */
enum status setup_plan(struct setup *setup, struct error *err);
/* plan.c: prints what the operator must do next. */
void setup_say_next(const struct setup *setup);
/* Returns the folder of a path. The caller frees it. */
char *setup_folder_of(const char *path);
/* True if the answer to the question `name` is word. */
bool setup_answer_is(const struct setup *setup, enum setup_name name, const char *word);

/* conf.c: appends the text of prebind.conf. */
void setup_conf_write(const struct setup *setup, struct strbuf *out);
/*
 * Returns the path of the chat page without its last slash, or "" for the root. The caller frees
 * it.
 */
char *setup_mount(const struct setup *setup);

/* part.c: the answers to the question about the web server. The last one is NULL. */
extern const char *const setup_web_words[];
/* Returns the value of SETUP_WEB for the web server on this machine. The string is static. */
const char *setup_web_found(void);
bool setup_web_has_socket(const struct setup *setup);
/* True if the web server forwards the browser's BOSH requests to the XMPP server. */
bool setup_web_has_proxy(const struct setup *setup);
/* Returns the usual path of the configuration part for the web server. The caller frees it. */
char *setup_web_file(const struct setup *setup);
/* Append the configuration part for the web server or the XMPP server. */
enum status setup_web_write(const struct setup *setup, struct strbuf *out, struct error *err);
enum status setup_xmpp_write(const struct setup *setup, struct strbuf *out, struct error *err);
/*
 * Appends shell commands for the remaining steps. Appends nothing if a step must be done by hand.
 */
enum status setup_start_write(const struct setup *setup, struct strbuf *out, struct error *err);
#define SETUP_START "start.sh"

/*
 * files.c: adds a file to the list. On success, takes ownership of *content, and leaves *content
 * empty. content can be NULL.
 */
enum status setup_file_add(struct setup *setup, const struct setup_file *file, const char *path,
			   struct strbuf *content, struct error *err);
/*
 * Shows what setup will do with each file. Returns STATUS_FORBIDDEN if somebody else wrote or
 * changed one of the files.
 */
enum status setup_files_show(const struct setup *setup, struct error *err);
enum status setup_files_write(const struct setup *setup, struct error *err);
/*
 * mend.c: adds the database's folder and files to the list if they exist with a wrong owner or
 * mode.
 */
enum status setup_mend_database(struct setup *setup, struct error *err);
/* mend.c: true if the file exists, but prebind cannot use it, or others can read or write it. */
bool setup_mend_is_needed(const struct setup *setup, const struct setup_file *file);
/* mend.c: corrects the file's owner and mode. */
enum status setup_mend(const struct setup *setup, const struct setup_file *file, struct error *err);
/* True if setup is allowed to create or replace the text file. */
bool setup_file_is_free(const char *path);

#endif
