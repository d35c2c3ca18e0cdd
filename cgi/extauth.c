/*
 * prebind-extauth: checks passwords for an XMPP server that starts it. It reads queries (struct
 * question) from standard input and answers 0 or 1 on standard output (extauth/packet.h). It
 * answers one query at a time, so XMPP servers start several processes. It ends only when its input
 * ends. No query can end it.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/secret.h"
#include "extauth/packet.h"
#include "account/jid_rule.h"
#include "account/xmpp_login.h"

static const char usage[] =
    "usage: prebind-extauth [-c FILE] [--site NAME] [--lines]\n"
    "\n"
    "Checks passwords for an XMPP server, which starts this program: ejabberd with\n"
    "`auth_method: [external]`, or Prosody with mod_auth_external. Accepts one-time tokens and\n"
    "the passwords of the site's users.\n"
    "\n"
    "  -c, --config FILE  the configuration file; default: $PREBIND_CONF, or\n"
    "                     etc/prebind.conf next to the program's folder, or\n"
    "                     " PREBIND_SYSCONFDIR "/prebind.conf\n"
    "      --site NAME    which [site NAME] to use; default: the site whose key `jid` has\n"
    "                     the host in the XMPP server's request\n"
    "      --lines        use lines for requests and responses (Prosody's protocol \"generic\")\n"
    "  -h, --help         print this help\n"
    "  -V, --version      print the version\n";

struct options {
	const char *config;
	const char *site;
	enum packet_framing framing;
};

struct served_site {
	const struct site_conf *conf;
	char *domain;             /* owned; the domain of the site's rule, prepared */
	struct xmpp_login *login; /* owned; NULL if not opened yet */
};

struct extauth {
	struct conf *conf;
	struct served_site *sites; /* at least one */
	size_t n_sites;
};

/* ---- sites ---- */

/*
 * Opens the site if it is not open. Returns false on failure; the next query tries to open the site
 * again.
 */
static bool site_ready(struct served_site *site)
{
	struct error err = {0};

	if (site->login != NULL)
		return true;
	if (xmpp_login_open(site->conf, &site->login, &err) == STATUS_OK)
		return true;
	log_event(LOG_LEVEL_ERROR, "site_failed", "site", site->conf->name, "why", err.text, NULL);
	return false;
}

/*
 * Returns the site of this domain, or NULL if there is none. If there is only one site, returns
 * this site for every domain, because rows of its JID map can have other domains.
 */
static struct served_site *site_for(struct extauth *extauth, const char *domain)
{
	for (size_t i = 0; i < extauth->n_sites; i++)
		if (extauth->n_sites == 1 || jid_rule_has_domain(extauth->sites[i].conf, domain))
			return &extauth->sites[i];
	return NULL;
}

/*
 * Returns a domain that both sites have, so that an account could belong to either of them. Returns
 * NULL if they have no domain in common. The result is borrowed from the site `a`.
 */
static const char *shared_domain(const struct served_site *a, const struct served_site *b)
{
	const struct conf_list *more = &a->conf->jid_domains;

	if (jid_rule_has_domain(b->conf, a->domain))
		return a->domain;
	for (size_t i = 0; i < more->count; i++)
		if (jid_rule_has_domain(b->conf, more->items[i]))
			return more->items[i];
	return NULL;
}

static enum status site_add(struct extauth *extauth, const struct site_conf *conf,
			    struct error *err)
{
	struct served_site site = {.conf = conf};

	enum status status = jid_rule_domain(conf, &site.domain, err);
	for (size_t i = 0; status == STATUS_OK && i < extauth->n_sites; i++) {
		const char *shared = shared_domain(&site, &extauth->sites[i]);

		if (shared != NULL)
			status = error_set(err, STATUS_BAD_REQUEST,
					   "%s: [site %s] and [site %s] both have the domain %s; "
					   "choose one with --site NAME",
					   extauth->conf->file, extauth->sites[i].conf->name,
					   conf->name, shared);
	}
	if (status == STATUS_OK)
		extauth->sites[extauth->n_sites++] = site;
	else
		free(site.domain);
	return status;
}

static enum status sites_add(struct extauth *extauth, const char *name, struct error *err)
{
	const struct conf *conf = extauth->conf;
	const struct site_conf *only = name != NULL ? conf_site_named(conf, name) : NULL;
	enum status status = STATUS_OK;

	if (name != NULL && only == NULL)
		return error_set(err, STATUS_NOT_FOUND, "%s: there is no [site %s]", conf->file,
				 name);
	extauth->sites = calloc(conf->n_sites, sizeof(*extauth->sites));
	if (extauth->sites == NULL)
		return error_no_memory(err);
	for (size_t i = 0; status == STATUS_OK && i < conf->n_sites; i++)
		if (only == NULL || only == &conf->sites[i])
			status = site_add(extauth, &conf->sites[i], err);
	return status;
}

static void extauth_clear(struct extauth *extauth)
{
	for (size_t i = 0; i < extauth->n_sites; i++) {
		xmpp_login_close(extauth->sites[i].login);
		free(extauth->sites[i].domain);
	}
	free(extauth->sites);
	conf_free(extauth->conf);
}

/* ---- queries ---- */

static bool is_ours(enum status status)
{
	return status == STATUS_BUSY || status == STATUS_UNAVAILABLE || status == STATUS_INTERNAL;
}

static bool login_holds(struct served_site *site, const struct jid *jid, const char *password)
{
	struct error err = {0};
	char *text = jid_bare_text(jid);

	enum status status = xmpp_login_check(site->login, jid, password, clock_wall(), &err);
	bool ok = status == STATUS_OK;
	log_event(ok                ? LOG_LEVEL_INFO
		  : is_ours(status) ? LOG_LEVEL_ERROR
				    : LOG_LEVEL_WARN,
		  ok ? "xmpp_login_ok" : "xmpp_login_failed", "site", site->conf->name, "jid", text,
		  "by", xmpp_login_kind(site->login, password), "error",
		  ok ? NULL : status_name(status), "why", ok ? NULL : err.text, NULL);
	free(text);
	return ok;
}

static bool account_exists(struct served_site *site, const struct jid *jid)
{
	struct error err = {0};

	enum status status = xmpp_login_exists(site->login, jid, &err);
	if (is_ours(status))
		log_event(LOG_LEVEL_ERROR, "xmpp_isuser_failed", "site", site->conf->name, "why",
			  err.text, NULL);
	return status == STATUS_OK;
}

static bool refuse(const char *why, const struct question *question)
{
	log_event(LOG_LEVEL_WARN, "question_refused", "why", why, "verb",
		  question != NULL ? question->name : NULL, "user",
		  question != NULL ? question->user : NULL, "host",
		  question != NULL ? question->host : NULL, NULL);
	return false;
}

static bool question_answer(struct extauth *extauth, const struct question *question)
{
	struct error err = {0};
	struct jid jid = {0};
	bool yes = false;

	if (question->verb == QUESTION_OTHER)
		return refuse("prebind-extauth cannot change users or passwords; change them in "
			      "the site's software",
			      question);
	if (jid_make(question->user, question->host, NULL, &jid, &err) != STATUS_OK)
		return refuse(err.text, question);
	struct served_site *site = site_for(extauth, jid.domain);
	if (site == NULL)
		refuse("no [site NAME] has this host in its key `jid`", question);
	else if (site_ready(site))
		yes = question->verb == QUESTION_AUTH ? login_holds(site, &jid, question->password)
						      : account_exists(site, &jid);
	jid_clear(&jid);
	return yes;
}

/*
 * Answers one packet. Refuses text that is not UTF-8, because libraries expect UTF-8, and all
 * passwords of accounts are UTF-8.
 */
static bool packet_answer_for(struct extauth *extauth, struct packet *packet)
{
	struct question question;

	if (!utf8_valid(packet->text, packet->len))
		return refuse("the XMPP server's request is not UTF-8", NULL);
	if (!question_parse(packet, &question))
		return refuse("the XMPP server's request is malformed", NULL);
	return question_answer(extauth, &question);
}

static void serve(struct extauth *extauth, enum packet_framing framing)
{
	struct packet_stream stream = {
	    .in = STDIN_FILENO, .out = STDOUT_FILENO, .framing = framing};
	struct packet packet;
	enum packet_result result;
	bool heard = true;

	do {
		bool yes = false;

		result = packet_read(&stream, &packet);
		if (result == PACKET_READ)
			yes = packet_answer_for(extauth, &packet);
		else if (result == PACKET_TOO_LONG)
			refuse("the XMPP server's request is too long", NULL);
		else if (result == PACKET_CUT)
			refuse("the XMPP server closed the connection in the middle of a request",
			       NULL);
		packet_wipe(&packet);
		if (result == PACKET_READ || result == PACKET_TOO_LONG)
			heard = packet_answer(&stream, yes);
	} while (heard && (result == PACKET_READ || result == PACKET_TOO_LONG));
}

/* ---- start ---- */

/*
 * Passwords pass through this process. So there must be no core file, no debugger, and no file that
 * others can read.
 */
static void give_up_what_is_not_needed(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN); /* if the XMPP server has ended, write fails instead */
	umask(0077);
#ifndef __SANITIZE_ADDRESS__ /* the leak checker must inspect its own process */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static enum status run(const struct options *options, struct error *err)
{
	struct extauth extauth = {0};
	char *file = NULL;
	size_t open = 0;

	enum status status = conf_file_find(options->config, &file, err);
	if (status == STATUS_OK)
		status = conf_load_start(file, &extauth.conf, err);
	if (status == STATUS_OK)
		status = conf_blame(log_open(extauth.conf->server.log,
					     (enum log_level)extauth.conf->server.log_level, err),
				    err, conf_server_place(&extauth.conf->server, "log"));
	for (size_t i = 0; status == STATUS_OK && i < extauth.conf->n_left_out; i++)
		log_event(LOG_LEVEL_ERROR, "sites_left_out", "why", extauth.conf->left_out[i],
			  NULL);
	if (status == STATUS_OK)
		status = secret_start(err);
	if (status == STATUS_OK)
		status = sites_add(&extauth, options->site, err);
	for (size_t i = 0; i < extauth.n_sites && status == STATUS_OK; i++)
		open += site_ready(&extauth.sites[i]);
	if (status == STATUS_OK && open == 0)
		status = error_set(err, STATUS_UNAVAILABLE,
				   "no site can be opened; the log event site_failed of each site "
				   "has the reason");
	if (status == STATUS_OK)
		serve(&extauth, options->framing);
	extauth_clear(&extauth);
	free(file);
	return status;
}

enum { LONG_SITE = 256, LONG_LINES };

static int parse_options(int argc, char **argv, struct options *out)
{
	static const struct option options[] = {
	    {"config",           required_argument, NULL, 'c'},
            {"site",              required_argument, NULL, LONG_SITE},
	    {"lines",                  no_argument, NULL, LONG_LINES},
            {"help",no_argument, NULL, 'h'},
	    {"version",         no_argument, NULL, 'V'},
            {0           },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			out->config = optarg;
			break;
		case LONG_SITE:
			out->site = optarg;
			break;
		case LONG_LINES:
			out->framing = PACKET_LINE;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'V':
			puts("prebind-extauth " PREBIND_VERSION);
			exit(0);
		default:
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct options options = {.framing = PACKET_LENGTH};
	struct error err = {0};

	if (parse_options(argc, argv, &options) != 0) {
		fputs(usage, stderr);
		return 2;
	}
	if (geteuid() == 0) {
		fputs("prebind-extauth: must not run as root; start prebind-extauth as the user "
		      "that runs prebind.fcgi\n",
		      stderr);
		return 1;
	}
	give_up_what_is_not_needed();
	enum status status = run(&options, &err);
	if (status != STATUS_OK) {
		log_event(LOG_LEVEL_ERROR, "start_failed", "why", err.text, NULL);
		fprintf(stderr, "prebind-extauth: %s\n", err.text);
	}
	log_close();
	return status == STATUS_OK ? 0 : 1;
}
