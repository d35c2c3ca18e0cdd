/*
 * prebindctl, the operator's tool. This file has the table of verbs. The functions that the verbs
 * call are in ctl/.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "ctl/account.h"
#include "ctl/ctl.h"
#include "net/http_client.h"

#define SITE  (VERB_CONF | VERB_SITE)
#define STORE (VERB_CONF | VERB_SITE | VERB_STORE)

/* Formatted by hand: clang-format would make each column as wide as its longest sentence. */
/* clang-format off */
static const struct verb verbs[] = {
	{"check", NULL, "[--deep] [--web URL] [--user NAME] [--cookie NAME=VALUE] [--json]",
	 "Tests everything that prebind needs, including the XMPP server. --deep: also starts a "
	 "real chat session for a user. --web: also requests the page as a browser does. --cookie: "
	 "reports which user a visitor with this cookie is (-: reads the cookie from standard "
	 "input).",
	 VERB_CONF | VERB_AS_CALLED, OPTION_DEEP | OPTION_WEB | OPTION_USER | OPTION_COOKIE | OPTION_JSON, 0, 0,
	 ctl_check},
	{"setup", NULL, "[--answers FILE] [--dry-run] [NAME=VALUE ...] | --page",
	 "Asks a few questions, shows all files to be written, then writes the configuration, the "
	 "secrets, the database and the settings for the web server and XMPP server. --dry-run: "
	 "only shows the files. --page: serves the page /setup as CGI, for the kit for shared "
	 "hosting.",
	 VERB_NEW_CONF, OPTION_ANSWERS | OPTION_DRY_RUN | OPTION_PAGE, 0, 64, ctl_setup},
	{"migrate", NULL, "[--adopt] [--from DATABASE [--password-file FILE]] [--json]",
	 "Creates the site's database, or updates the database to this program's schema. --adopt: "
	 "assigns a database of another site to this site, and ends all its logins. --from: copies "
	 "DATABASE, an SQLite file or postgresql://…, into the site's empty database.",
	 SITE, OPTION_JSON | OPTION_ADOPT | OPTION_FROM | OPTION_PASSWORD_FILE, 0, 0, ctl_migrate},
	{"backup", NULL, "FILE",
	 "Copies the site's database to a new file; prebind can run meanwhile.",
	 SITE, 0, 1, 1, ctl_backup},
	{"restore", NULL, "FILE",
	 "Replaces the site's database with a backup, and keeps the old database. Stop prebind "
	 "first.",
	 SITE, 0, 1, 1, ctl_restore},
	{"user", "add", "NAME [--password-stdin] [--jid JID] [--display-name TEXT]",
	 "Adds a site user for prebind's own login form; --jid also adds a row of the JID map.",
	 STORE, OPTION_PASSWORD_STDIN | OPTION_JID | OPTION_DISPLAY_NAME, 1, 1, ctl_user_add},
	{"user", "display", "NAME TEXT",
	 "Sets the name that other people see; an empty TEXT removes it.",
	 STORE, 0, 2, 2, ctl_user_display},
	{"user", "passwd", "NAME [--password-stdin]",
	 "Sets a new password; the user's login sessions end.",
	 STORE, OPTION_PASSWORD_STDIN, 1, 1, ctl_user_passwd},
	{"user", "disable", "NAME",
	 "Disables a user, who can then no longer log in; the user's login sessions end.",
	 STORE, 0, 1, 1, ctl_user_disable},
	{"user", "enable", "NAME",
	 "Enables a disabled user, who can then log in again.",
	 STORE, 0, 1, 1, ctl_user_enable},
	{"user", "delete", "NAME",
	 "Deletes a user, with the user's login sessions and row of the JID map.",
	 STORE, 0, 1, 1, ctl_user_delete},
	{"user", "list", "[--json]",
	 "Lists the site users.",
	 STORE, OPTION_JSON, 0, 0, ctl_user_list},
	{"people", "export", "--for prosody|ejabberd|tigase [--group NAME]",
	 "Prints a file or script for the XMPP server that makes the site's people contacts of "
	 "each other.",
	 STORE, OPTION_FOR | OPTION_GROUP, 0, 0, ctl_people_export},
	{"map", "set", "USER JID [--xmpp-password-stdin] [--source PROVIDER]",
	 "Gives the XMPP account JID to a site user; prebind uses the XMPP password only with "
	 "backend = bosh.",
	 STORE, OPTION_XMPP_PASSWORD_STDIN | OPTION_SOURCE, 2, 2, ctl_map_set},
	{"map", "delete", "USER [--source PROVIDER]",
	 "Deletes the user's row of the JID map.",
	 STORE, OPTION_SOURCE, 1, 1, ctl_map_delete},
	{"map", "import", "FILE [--dry-run] [--json] [--source PROVIDER]",
	 "Imports lines user,jid[,xmpp_password] of a CSV file (-: standard input) into the JID "
	 "map; if a line is wrong, imports none.",
	 STORE, OPTION_DRY_RUN | OPTION_JSON | OPTION_SOURCE, 1, 1, ctl_map_import},
	{"map", "list", "[--json]",
	 "Lists the JID map; passwords are never shown.",
	 STORE, OPTION_JSON, 0, 0, ctl_map_list},
	{"gateway", "add", "NAME --domains D[,D...] [--addresses A[,A...]] [--api-key] [--password-stdin]",
	 "Adds a program that may call /rest/adhoc/bosh@DOMAIN; prints its password (and API key) "
	 "once.",
	 STORE, OPTION_DOMAINS | OPTION_ADDRESSES | OPTION_API_KEY | OPTION_PASSWORD_STDIN,
	 1, 1, ctl_gateway_add},
	{"gateway", "passwd", "NAME [--password-stdin]",
	 "Sets a new password of a caller; without --password-stdin, makes a random password and "
	 "prints it once.",
	 STORE, OPTION_PASSWORD_STDIN, 1, 1, ctl_gateway_passwd},
	{"gateway", "disable", "NAME",
	 "Disables a caller; prebind then refuses its calls.",
	 STORE, 0, 1, 1, ctl_gateway_disable},
	{"gateway", "enable", "NAME",
	 "Enables a disabled caller.",
	 STORE, 0, 1, 1, ctl_gateway_enable},
	{"gateway", "delete", "NAME",
	 "Deletes the caller.",
	 STORE, 0, 1, 1, ctl_gateway_delete},
	{"gateway", "list", "[--json]",
	 "Lists the callers; passwords and keys are never shown.",
	 STORE, OPTION_JSON, 0, 0, ctl_gateway_list},
	{"session", "list", "[--json]",
	 "Lists the login sessions.",
	 STORE, OPTION_JSON, 0, 0, ctl_session_list},
	{"session", "end", "[USER] [--source PROVIDER]",
	 "Ends the login sessions of USER; without USER, ends all login sessions.",
	 STORE, OPTION_SOURCE, 0, 1, ctl_session_end},
	{"token", "issue", "USER [--ttl TIME]",
	 "Prints a signed token for the user, like a token of the site. The token is valid for 10m "
	 "or for TIME.",
	 VERB_CONF | VERB_SITE, OPTION_TTL, 1, 1, ctl_token_issue},
	{"token", "revoke", "USER",
	 "Revokes the user's tokens, including tokens issued in the next 5 minutes; login sessions "
	 "from these tokens end.",
	 STORE, 0, 1, 1, ctl_token_revoke},
	{"prebind", NULL, "USER|JID | --user USER | --jid JID [--source PROVIDER] [--json]",
	 "Makes a real chat session and prints it. Keep the output secret, because anybody can use "
	 "the session with it.",
	 STORE, OPTION_JSON | OPTION_USER | OPTION_JID | OPTION_SOURCE, 0, 1, ctl_prebind},
	{"wordpress", "import", "WP-CONFIG.PHP",
	 "Reads the keys of a WordPress site from WP-CONFIG.PHP, and writes them to the file in "
	 "the key site_secret_file.",
	 VERB_CONF | VERB_SITE | VERB_AS_CALLED, 0, 1, 1, ctl_wordpress_import},
	{"conf", NULL, "[--keys] [--json]",
	 "Prints the configuration in use; --keys: prints every key with its default.",
	 0, OPTION_KEYS | OPTION_JSON, 0, 0, ctl_conf},
	{"status", NULL, "[--json]",
	 "Shows counts and times of the running server for the last hour and day, the last "
	 "failures, and visitors refused by a limit.",
	 VERB_CONF, OPTION_JSON, 0, 0, ctl_status},
	{"version", NULL, "",
	 "Prints the version.",
	 0, 0, 0, 0, ctl_version},
};
/* clang-format on */

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_verb(FILE *out, const struct verb *verb)
{
	fprintf(out, "  %s%s%s%s%s\n      %s\n", verb->name, verb->word != NULL ? " " : "",
		verb->word != NULL ? verb->word : "", verb->args[0] != '\0' ? " " : "", verb->args,
		verb->help);
}

/* Prints the usage of the verb `name`, or of all verbs if name is NULL. */
static void print_usage(FILE *out, const char *name)
{
	fputs("usage: prebindctl [-c FILE] [--site NAME] VERB ...\n\n", out);
	for (size_t i = 0; i < N_VERBS; i++)
		if (name == NULL || strcmp(verbs[i].name, name) == 0)
			print_verb(out, &verbs[i]);
	fputs(
	    "\n  -c, --config FILE  the configuration file; default: $PREBIND_CONF, or\n"
	    "                     etc/prebind.conf next to the program's folder, or\n"
	    "                     " PREBIND_SYSCONFDIR "/prebind.conf\n"
	    "      --site NAME    which [site NAME] to use; not needed if there is only one site\n"
	    "      --help         print this help; after a verb, print only the help for the verb\n"
	    "\nExit status: 0 done, 1 refused or failed, 2 wrong usage.\n",
	    out);
}

static int usage_error(const char *name, const char *why)
{
	fprintf(stderr, "prebindctl: %s\n\n", why);
	print_usage(stderr, name);
	return EXIT_USAGE;
}

/*
 * Returns true if the table has the verb `name word`. If word is NULL, only the name is compared.
 * If a verb has only a name, word is not compared, because it is an argument.
 */
static bool verb_named(const char *name, const char *word)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0 &&
		    (word == NULL || verbs[i].word == NULL || strcmp(verbs[i].word, word) == 0))
			return true;
	return false;
}

static const struct verb *verb_find(const char *name, const char *word)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0 &&
		    (verbs[i].word == NULL || (word != NULL && strcmp(verbs[i].word, word) == 0)))
			return &verbs[i];
	return NULL;
}

struct arguments {
	const char *config;
	const char *site;
	bool help;
	unsigned given; /* bits of verb_option */
};

/*
 * A command-line option, and the offsets of the struct members that it sets. An offset of 0 means
 * that the option sets no member of that type.
 */
struct option_row {
	const char *name;
	unsigned bit;    /* a bit of verb_option; 0 if every verb has the option */
	size_t argument; /* offset of a string in struct arguments */
	size_t text;     /* offset of a string in struct ctl */
	size_t flag;     /* offset of a bool in struct ctl */
};

#define IN_CTL(member) offsetof(struct ctl, member)

/* clang-format off */
static const struct option_row option_rows[] = {
	{"site",                .argument = offsetof(struct arguments, site)},
	{"json",                OPTION_JSON,                .flag = IN_CTL(json)},
	{"deep",                OPTION_DEEP,                .flag = IN_CTL(deep)},
	{"keys",                OPTION_KEYS,                .flag = IN_CTL(keys)},
	{"password-stdin",      OPTION_PASSWORD_STDIN,      .flag = IN_CTL(password_stdin)},
	{"xmpp-password-stdin", OPTION_XMPP_PASSWORD_STDIN, .flag = IN_CTL(password_stdin)},
	{"jid",                 OPTION_JID,                 .text = IN_CTL(jid)},
	{"display-name",        OPTION_DISPLAY_NAME,        .text = IN_CTL(display_name)},
	{"for",                 OPTION_FOR,                 .text = IN_CTL(server)},
	{"group",               OPTION_GROUP,               .text = IN_CTL(group)},
	{"user",                OPTION_USER,                .text = IN_CTL(user)},
	{"source",              OPTION_SOURCE,              .text = IN_CTL(source)},
	{"domains",             OPTION_DOMAINS,             .text = IN_CTL(domains)},
	{"addresses",           OPTION_ADDRESSES,           .text = IN_CTL(addresses)},
	{"api-key",             OPTION_API_KEY,             .flag = IN_CTL(api_key)},
	{"dry-run",             OPTION_DRY_RUN,             .flag = IN_CTL(dry_run)},
	{"ttl",                 OPTION_TTL,                 .text = IN_CTL(ttl)},
	{"answers",             OPTION_ANSWERS,             .text = IN_CTL(answers)},
	{"web",                 OPTION_WEB,                 .text = IN_CTL(web)},
	{"cookie",              OPTION_COOKIE,              .text = IN_CTL(cookie)},
	{"page",                OPTION_PAGE,                .flag = IN_CTL(page)},
	{"adopt",               OPTION_ADOPT,               .flag = IN_CTL(adopt)},
	{"from",                OPTION_FROM,                .text = IN_CTL(from)},
	{"password-file",       OPTION_PASSWORD_FILE,       .text = IN_CTL(password_file)},
};
/* clang-format on */

#define N_OPTIONS    (sizeof(option_rows) / sizeof(option_rows[0]))
#define LONG_OPTIONS 256 /* getopt_long returns this for row 0, 257 for row 1, and so on */

/* Fills in the table for getopt_long: --config, --help, the rows above, and an empty last entry. */
static void options_fill(struct option out[N_OPTIONS + 3])
{
	*out++ = (struct option){"config", required_argument, NULL, 'c'};
	*out++ = (struct option){"help", no_argument, NULL, 'h'};
	for (size_t i = 0; i < N_OPTIONS; i++)
		*out++ = (struct option){
		    .name = option_rows[i].name,
		    .has_arg = option_rows[i].flag != 0 ? no_argument : required_argument,
		    .val = LONG_OPTIONS + (int)i,
		};
	*out = (struct option){0};
}

static void option_take(const struct option_row *row, struct arguments *args, struct ctl *ctl)
{
	args->given |= row->bit;
	if (row->argument != 0)
		*(const char **)((char *)args + row->argument) = optarg;
	if (row->text != 0)
		*(const char **)((char *)ctl + row->text) = optarg;
	if (row->flag != 0)
		*(bool *)((char *)ctl + row->flag) = true;
}

/* Returns false for an unknown option. getopt_long has then printed an error. */
static bool parse_options(int argc, char **argv, struct arguments *args, struct ctl *ctl)
{
	struct option options[N_OPTIONS + 3];
	int option;

	options_fill(options);
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (option == 'c')
			args->config = optarg;
		else if (option == 'h')
			args->help = true;
		else if (option >= LONG_OPTIONS)
			option_take(&option_rows[option - LONG_OPTIONS], args, ctl);
		else
			return false;
	}
	return true;
}

/*
 * Changes to the account that runs the program for the chosen site. Without --site, changes to the
 * account of the first site.
 */
static enum status become_program_user(const struct ctl *ctl, struct error *err)
{
	uid_t account;
	enum status status = account_of_site(
	    ctl->conf, ctl->site != NULL ? ctl->site : ctl->conf->sites, &account, err);

	return status == STATUS_OK ? account_become(account, err) : status;
}

static enum status open_what_is_needed(struct ctl *ctl, const struct arguments *args,
				       struct error *err)
{
	bool reads = args->config != NULL && !ctl->keys && !(ctl->verb->needs & VERB_NEW_CONF);
	unsigned needs = ctl->verb->needs | (reads ? VERB_CONF : 0);
	char *file = NULL;
	enum status status = STATUS_OK;

	if (strcmp(ctl->verb->name, "conf") == 0 && !ctl->keys)
		needs |= VERB_CONF;
	if (needs & VERB_CONF) {
		status = conf_file_find(args->config, &file, err);
		if (status == STATUS_OK)
			status = conf_load(file, &ctl->conf, err);
		free(file);
	}
	/* without --site, a verb such as check uses all sites */
	if (status == STATUS_OK && ctl->conf != NULL && (args->site != NULL || (needs & VERB_SITE)))
		ctl->site = conf_site_named(ctl->conf, args->site);
	if (status == STATUS_OK && ctl->conf != NULL && ctl->site == NULL &&
	    (args->site != NULL || (needs & VERB_SITE)))
		return error_set(err, STATUS_NOT_FOUND,
				 args->site != NULL
				     ? "%s: there is no [site %s]"
				     : "%s: there are several sites; choose one with --site NAME",
				 ctl->conf->file, args->site);
	if (status == STATUS_OK && ctl->conf != NULL && !(needs & VERB_AS_CALLED))
		status = become_program_user(ctl, err);
	if (status == STATUS_OK && (needs & VERB_STORE))
		status = conf_blame(
		    store_open(&STORE_LOCATION(ctl->site), ctl->site->name, &ctl->store, err), err,
		    conf_site_place(ctl->site, "database"));
	return status;
}

static int run_verb(struct ctl *ctl, const struct arguments *args)
{
	struct error err = {0};

	/* Errors go to the operator's terminal. The log is only for the server. */
	log_open("/dev/null", LOG_LEVEL_ERROR, NULL);
	enum status status = secret_start(&err);
	if (status == STATUS_OK)
		status = http_client_start(&err);
	if (status == STATUS_OK)
		status = open_what_is_needed(ctl, args, &err);
	int result = status == STATUS_OK ? ctl->verb->run(ctl) : ctl_fail(ctl, &err);
	store_close(ctl->store);
	conf_free(ctl->conf);
	http_client_stop();
	return result;
}

/*
 * Turns a failed write to standard output into an error. The lost output can be a secret that is
 * not shown again, or input for another program.
 */
static int end(int result)
{
	bool failed = ferror(stdout) != 0;

	if (fflush(stdout) == 0 && !failed)
		return result;
	fputs("prebindctl: cannot write to standard output, so a part of the output is missing\n",
	      stderr);
	return result == EXIT_DONE ? EXIT_REFUSED : result;
}

int main(int argc, char **argv)
{
	struct arguments args = {0};
	struct ctl ctl = {0};

	if (!parse_options(argc, argv, &args, &ctl))
		return usage_error(NULL, "unknown option");
	argc -= optind;
	argv += optind;
	if (args.help && (argc == 0 || verb_named(argv[0], argc > 1 ? argv[1] : NULL))) {
		print_usage(stdout, argc > 0 ? argv[0] : NULL);
		return end(EXIT_DONE);
	}
	if (argc == 0)
		return usage_error(NULL, "no verb was given");
	ctl.verb = verb_find(argv[0], argc > 1 ? argv[1] : NULL);
	if (ctl.verb == NULL)
		return usage_error(verb_named(argv[0], NULL) ? argv[0] : NULL, "no such verb");
	int words = ctl.verb->word != NULL ? 2 : 1;
	ctl.config = args.config;
	ctl.argc = argc - words;
	ctl.argv = argv + words;
	if (ctl.argc < ctl.verb->min_args || ctl.argc > ctl.verb->max_args)
		return usage_error(ctl.verb->name, "wrong number of arguments");
	if ((args.given & ~ctl.verb->options) != 0)
		return usage_error(ctl.verb->name, "an option is not allowed with this verb");
	return end(run_verb(&ctl, &args));
}
