/*
 * The questions of setup, their proposed answers, and the checks of answers.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/shipped.h"
#include "setup/setup.h"
#include "net/http_url.h"

static const char *const login_words[] = {PROVIDER_LOGIN,
					  PROVIDER_SITE_SESSION,
					  PROVIDER_PHP_SESSION,
					  PROVIDER_SITE_HTTP,
					  PROVIDER_REMOTE_USER,
					  PROVIDER_TOKEN,
					  NULL};
static const char *const auth_words[] = {"tigase", "token", "jwt", "oauth", "password", NULL};

/* ---- proposed answers; each function returns NULL if there is none or if out of memory ---- */

static char *propose_site(struct setup *setup)
{
	static const char *const usual[] = {"/var/www/html", "/srv/www", "/var/www"};

	(void)setup;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (access(usual[i], F_OK) == 0)
			return strdup(usual[i]);
	return strdup("-");
}

static char *propose_url(struct setup *setup)
{
	char host[256] = "localhost";
	struct strbuf url;

	(void)setup;
	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	strbuf_init(&url);
	strbuf_addf(&url, "https://%s/chat/", host);
	return strbuf_take(&url);
}

static char *propose_login(struct setup *setup)
{
	setup_find(setup);
	return strdup(setup->login_found != NULL ? setup->login_found : PROVIDER_LOGIN);
}

static char *propose_domain(struct setup *setup)
{
	struct http_url at = {0};
	char *domain = NULL;

	if (http_url_read(setup_answer(setup, SETUP_URL), &at, NULL) != STATUS_OK)
		return NULL;
	domain = strdup(strncmp(at.host, "www.", 4) == 0 ? at.host + 4 : at.host);
	http_url_clear(&at);
	return domain;
}

static char *propose_xmpp(struct setup *setup)
{
	char *found = NULL;

	setup->xmpp_tried = true;
	setup_xmpp_find(setup, &found);
	return found != NULL ? found : strdup("http://127.0.0.1:5280/http-bind");
}

static char *propose_auth(struct setup *setup)
{
	if (setup->xmpp_server == NULL && (!setup->xmpp_tried || setup->ask))
		setup_xmpp_find(setup, NULL);
	const char *server = setup->xmpp_server != NULL ? setup->xmpp_server : "other";

	if (strcmp(server, "tigase") == 0 ||
	    strstr(setup_answer(setup, SETUP_XMPP), "/rest/") != NULL)
		return strdup("tigase");
	if (strcmp(server, "prosody") == 0)
		return strdup("token");
	return strdup(strcmp(server, "ejabberd") == 0 ? "jwt" : "password");
}

static char *propose_jid(struct setup *setup)
{
	char *rule = NULL;

	setup_names_rule(setup, &rule, NULL);
	return rule;
}

static char *propose_web(struct setup *setup)
{
	(void)setup;
	return strdup(setup_web_found());
}

/* Returns the first account in `names` that this machine has, or "" if it has none of them. */
static char *first_account(const char *const *names)
{
	for (; *names != NULL; names++)
		if (getpwnam(*names) != NULL)
			return strdup(*names);
	return strdup("");
}

static char *propose_web_user(struct setup *setup)
{
	static const char *const usual[] = {"www-data", "apache", "nginx",
					    "lighttpd", "http",   NULL};

	(void)setup;
	return first_account(usual);
}

/*
 * Proposes the account for prebind, or "" if root does not run setup. In that case the program runs
 * as the account that starts it: ours, or the web server's.
 */
static char *propose_user(struct setup *setup)
{
	static const char *const usual[] = {"prebind", NULL};
	bool php = strcmp(setup_answer(setup, SETUP_LOGIN), PROVIDER_PHP_SESSION) == 0;

	if (geteuid() != 0)
		return strdup("");
	char *own = php || !setup_web_has_socket(setup) ? strdup("") : first_account(usual);
	if (own == NULL || own[0] != '\0')
		return own;
	free(own);
	return strdup(setup_answer(setup, SETUP_WEB_USER));
}

static char *in_folder(const char *folder, const char *name)
{
	struct strbuf path;

	strbuf_init(&path);
	strbuf_addf(&path, "%s/%s", folder, name);
	return strbuf_take(&path);
}

static char *propose_database(struct setup *setup)
{
	(void)setup;
	if (conf_kit() != NULL)
		return in_folder(conf_kit(), "data/prebind.db");
	return strdup("/var/lib/prebind/prebind.db");
}

static char *propose_listen(struct setup *setup)
{
	(void)setup;
	return strdup("/run/prebind/prebind.sock");
}

static char *propose_share(struct setup *setup)
{
	char *path = NULL;

	(void)setup;
	(void)conf_shipped_path("", &path, NULL);
	return path;
}

static char *propose_templates(struct setup *setup)
{
	return in_folder(setup_answer(setup, SETUP_SHARE), "templates");
}

static char *propose_web_file(struct setup *setup)
{
	return setup_web_file(setup);
}

static char *propose_xmpp_file(struct setup *setup)
{
	return in_folder(setup->folder, "xmpp-server.conf");
}

static char *propose_nothing(struct setup *setup)
{
	(void)setup;
	return strdup("");
}

/* ---- checks; each returns NULL if the value is allowed, otherwise what is wrong ---- */

static const char *check_folder(const char *value)
{
	struct stat st;

	if (strcmp(value, "-") == 0 || (value[0] == '/' && access(value, X_OK) == 0 &&
					stat(value, &st) == 0 && S_ISDIR(st.st_mode)))
		return NULL;
	return "is not a folder that setup can read; write an absolute path, or - if this machine "
	       "has no site software";
}

#define PATH_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/"

static const char *check_url(const char *value)
{
	struct http_url at = {0};
	const char *bad = "is not an address; write https://HOST/PATH/";

	if (http_url_read(value, &at, NULL) == STATUS_OK)
		bad = at.path[strspn(at.path, PATH_CHARS)] == '\0'
			  ? NULL
			  : "has a path with characters other than letters, digits, - and _";
	http_url_clear(&at);
	return bad;
}

/*
 * Checks the XMPP server's address. The path can contain an @, as in Tigase's
 * /rest/adhoc/bosh@DOMAIN. Only some characters are allowed, because the address is copied to the
 * web server's configuration.
 */
static const char *check_service(const char *value)
{
	struct http_url at = {0};
	bool ok = http_url_read(value, &at, NULL) == STATUS_OK &&
		  at.path[strspn(at.path, PATH_CHARS ".@")] == '\0';

	http_url_clear(&at);
	return ok ? NULL
		  : "is not the address of an XMPP server; write http://HOST:PORT/http-bind, or "
		    "Tigase's http://HOST:PORT/rest/adhoc/bosh@DOMAIN";
}

static const char *check_account(const char *value)
{
	if (value[0] == '\0' || getpwnam(value) != NULL)
		return NULL;
	return "is not an account of this machine; run: adduser --system --group NAME";
}

static const char *check_path(const char *value)
{
	return value[0] == '/' ? NULL : "is not an absolute path";
}

/* Allows every value. A wrong value is found when the configuration is loaded as a test. */
static const char *check_nothing(const char *value)
{
	(void)value;
	return NULL;
}

static const char *check_some(const char *value)
{
	return value[0] != '\0' ? NULL : "is needed";
}

/* ---- the table ---- */

/* Formatted by hand: clang-format would make each column as wide as its longest question. */
/* clang-format off */
static const struct setup_question questions[SETUP_COUNT] = {
	[SETUP_SITE] = {"site", "Which folder contains the site's software ('-' if there is none)", propose_site, check_folder, NULL},
	[SETUP_URL] = {"url", "At which address will users open the chat", propose_url, check_url, NULL},
	[SETUP_LOGIN] = {"login", "How does prebind know who is logged in (docs/identity.md)", propose_login, NULL, login_words},
	[SETUP_DOMAIN] = {"domain", "Which domain do the users' chat addresses have", propose_domain, check_some, NULL},
	[SETUP_XMPP] = {"xmpp", "What is the address of the XMPP server: Tigase's REST address, or a BOSH service", propose_xmpp, check_service, NULL},
	[SETUP_AUTH] = {"auth", "How does prebind log in to the XMPP server (docs/bosh.md)", propose_auth, NULL, auth_words},
	[SETUP_JID] = {"jid", "Which rule makes a user's chat address", propose_jid, check_some, NULL},
	[SETUP_WEB] = {"web", "Which web server", propose_web, NULL, setup_web_words},
	[SETUP_WEB_USER] = {"web_user", NULL, propose_web_user, check_account, NULL},
	[SETUP_USER] = {"user", NULL, propose_user, check_account, NULL},
	[SETUP_DATABASE] = {"database", NULL, propose_database, check_path, NULL},
	[SETUP_LISTEN] = {"listen", NULL, propose_listen, check_path, NULL},
	[SETUP_SHARE] = {"share", NULL, propose_share, check_path, NULL},
	[SETUP_TEMPLATES] = {"templates", NULL, propose_templates, check_path, NULL},
	[SETUP_WEB_FILE] = {"web_file", NULL, propose_web_file, check_path, NULL},
	[SETUP_XMPP_FILE] = {"xmpp_file", NULL, propose_xmpp_file, check_path, NULL},
	[SETUP_PROXIES] = {"trusted_proxies", NULL, propose_nothing, check_nothing, NULL},
};
/* clang-format on */

const struct setup_question *setup_question(enum setup_name name)
{
	return &questions[name];
}
