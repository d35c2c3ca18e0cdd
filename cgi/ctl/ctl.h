/*
 * Declarations for all verbs of prebindctl. A verb is a function and a row of the table in
 * cgi/ctl.c.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "conf/conf.h"
#include "store/store.h"
#include "xmpp/jid.h"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

struct ctl {
	struct conf *conf;            /* NULL if the verb needs no configuration */
	const struct site_conf *site; /* the site of --site, or the only site */
	struct store *store;          /* the site's database; NULL if the verb needs none */
	const struct verb *verb;
	int argc; /* the verb's arguments, without options */
	char **argv;
	bool json;
	bool deep;
	bool keys;
	bool password_stdin;
	const char *jid;
	const char *display_name;
	const char *server; /* from --for: the kind of XMPP server */
	const char *group;
	const char *user;
	const char *source;
	const char *domains;   /* such as "a.example,b.example" */
	const char *addresses; /* such as "192.0.2.1,2001:db8::/32" */
	bool api_key;
	bool dry_run;
	bool adopt;
	const char *from;          /* for migrate: the database to copy from */
	const char *password_file; /* the password file for the database `from` */
	bool page;                 /* for setup: true to answer a CGI request of the kit */
	const char *ttl;
	const char *web;     /* from --web: the page's address */
	const char *answers; /* from --answers: a file with answers for setup */
	const char *config;  /* from --config or -c; NULL if not given */
	const char *cookie;  /* NAME=VALUE, secret; "-" means standard input */
};

/*
 * Things that a verb needs before it runs. If root runs prebindctl, the tool first changes to the
 * program's account (ctl/account.h). A verb with VERB_AS_CALLED starts as root and changes accounts
 * itself.
 */
enum verb_need {
	VERB_CONF = 1,
	VERB_SITE = 2,
	VERB_STORE = 4,
	VERB_AS_CALLED = 8,
	VERB_NEW_CONF = 16 /* the verb writes the configuration, which need not exist */
};

enum verb_option {
	OPTION_JSON = 1,
	OPTION_DEEP = 2,
	OPTION_KEYS = 4,
	OPTION_PASSWORD_STDIN = 8,
	OPTION_XMPP_PASSWORD_STDIN = 16,
	OPTION_JID = 32,
	OPTION_SOURCE = 64,
	OPTION_DOMAINS = 128,
	OPTION_ADDRESSES = 256,
	OPTION_API_KEY = 512,
	OPTION_TTL = 1024,
	OPTION_DRY_RUN = 2048,
	OPTION_USER = 4096,
	OPTION_ADOPT = 8192,
	OPTION_WEB = 16384,
	OPTION_ANSWERS = 32768,
	OPTION_COOKIE = 65536,
	OPTION_PAGE = 131072,
	OPTION_DISPLAY_NAME = 262144,
	OPTION_FOR = 524288,
	OPTION_GROUP = 1048576,
	OPTION_FROM = 2097152,
	OPTION_PASSWORD_FILE = 4194304
};

struct verb {
	const char *name; /* such as "user" */
	const char *word; /* such as "add"; NULL if the verb is one word */
	const char *args; /* such as "NAME [--password-stdin]" */
	const char *help; /* one sentence */
	unsigned needs;   /* bits of verb_need */
	unsigned options; /* bits of verb_option; any other option is a usage error */
	int min_args;
	int max_args;
	int (*run)(struct ctl *ctl); /* returns the exit status */
};

/*
 * Prints the error's sentence to standard error. With --json, also prints {"error":…,"message":…}
 * to standard output. Returns EXIT_REFUSED.
 */
int ctl_fail(const struct ctl *ctl, const struct error *err);

/*
 * Prints the JSON and a newline, and clears the buffer. Returns EXIT_REFUSED if the buffer had run
 * out of memory.
 */
int ctl_print_json(const struct ctl *ctl, struct strbuf *json);

/*
 * Prints the text and clears the buffer. Returns EXIT_REFUSED if the buffer had run out of memory.
 */
int ctl_print_text(struct strbuf *text);

/*
 * A list that is printed as lines or as a JSON array. Each verb has a callback that adds its items.
 */
struct ctl_list {
	bool json;
	struct strbuf text;
	struct json_writer w; /* writes to the member `text` */
};
void ctl_list_begin(const struct ctl *ctl, struct ctl_list *list);
/*
 * Ends and prints the list. If status is an error, reports the error instead. Returns the exit
 * status.
 */
int ctl_list_end(const struct ctl *ctl, struct ctl_list *list, enum status status,
		 const struct error *err);

/*
 * Reads a secret of at most max bytes; max is at most PASSWORD_MAX. If from_stdin is true, the
 * secret is a line of standard input. Otherwise the operator types it twice at the terminal,
 * without echo. The caller frees *out with secret_free.
 */
enum status ctl_read_secret(bool from_stdin, const char *what, size_t max, char **out,
			    struct error *err);

/*
 * Parses the bare JID of a user's account. Returns STATUS_NO_CHAT_ACCOUNT if deny_jids forbids this
 * JID to every user. The caller clears *out.
 */
enum status ctl_read_jid(const struct ctl *ctl, const char *text, struct jid *out,
			 struct error *err);

/*
 * Returns the user's name as the JID map stores it. Names from the site are not changed. A name of
 * provider `login` gets the spelling in the table of users. If the table does not have the name,
 * the name is composed (NFC). Returns STATUS_BAD_REQUEST if the source is unknown, or if the name
 * is empty, is too long or has an invisible character. The caller frees *out.
 */
enum status ctl_map_user(const struct ctl *ctl, const char *source, const char *name, char **out,
			 struct error *err);

/* Returns STATUS_BAD_REQUEST if `source` is not the name of an identity provider. */
enum status ctl_source_check(const char *source, struct error *err);

/*
 * Returns the provider's name from --source. Without --source, returns the site's first provider.
 */
const char *ctl_source(const struct ctl *ctl);

/* Adds a user of provider `login`, without a row in the JID map. */
enum status ctl_user_new(const struct ctl *ctl, const char *name, const char *password,
			 struct error *err);

int ctl_backup(struct ctl *ctl);
int ctl_check(struct ctl *ctl);
int ctl_conf(struct ctl *ctl);
int ctl_migrate(struct ctl *ctl);
int ctl_people_export(struct ctl *ctl);
int ctl_prebind(struct ctl *ctl);
int ctl_version(struct ctl *ctl);
int ctl_user_add(struct ctl *ctl);
int ctl_user_passwd(struct ctl *ctl);
int ctl_user_disable(struct ctl *ctl);
int ctl_user_enable(struct ctl *ctl);
int ctl_user_delete(struct ctl *ctl);
int ctl_user_list(struct ctl *ctl);
int ctl_user_display(struct ctl *ctl);
int ctl_gateway_add(struct ctl *ctl);
int ctl_gateway_passwd(struct ctl *ctl);
int ctl_gateway_disable(struct ctl *ctl);
int ctl_gateway_enable(struct ctl *ctl);
int ctl_gateway_delete(struct ctl *ctl);
int ctl_gateway_list(struct ctl *ctl);
int ctl_map_set(struct ctl *ctl);
int ctl_map_delete(struct ctl *ctl);
int ctl_map_import(struct ctl *ctl);
int ctl_map_list(struct ctl *ctl);
int ctl_session_list(struct ctl *ctl);
int ctl_setup(struct ctl *ctl);
int ctl_restore(struct ctl *ctl);
int ctl_session_end(struct ctl *ctl);
int ctl_status(struct ctl *ctl);
int ctl_token_issue(struct ctl *ctl);
int ctl_token_revoke(struct ctl *ctl);
int ctl_wordpress_import(struct ctl *ctl);

#endif
