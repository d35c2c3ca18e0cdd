/*
 * prebindctl check --web: finds the reason if the page cannot be opened. A table lists the causes
 * of each failure. The most certain cause comes first.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/web.h"

static const struct site_conf *site_conf(const struct web *web)
{
	return web->site->conf;
}

static struct conf_place server_place(const struct web *web, const char *key)
{
	return conf_server_place(&web->report->ctl->conf->server, key);
}

/* Appends the page's path without its last slash. This path is the right value for base_path. */
static void mount_of(const struct web *web, struct strbuf *out)
{
	size_t len = strlen(web->at.path);

	strbuf_add(out, web->at.path, len > 1 ? len - 1 : len);
}

/* ---- the causes: a test and a sentence for each ---- */

static bool host_is_unknown(const struct web *web)
{
	return conf_site_for_host(web->report->ctl->conf, web->at.host) != site_conf(web);
}

static enum status say_host(const struct web *web, struct error *said)
{
	return conf_fault(
	    said, STATUS_NOT_FOUND, conf_site_place(site_conf(web), "hosts"),
	    "the page's host '%s' is not in this key, so prebind answers 404; add the host",
	    web->at.host);
}

static bool path_is_elsewhere(const struct web *web)
{
	const struct site_conf *conf = site_conf(web);
	const char *base = conf->base_path;
	size_t len = strlen(base);

	if (!conf->base_path_set || conf->public_path_set || len == 0)
		return false;
	return strncmp(web->at.path, base, len) != 0 || web->at.path[len] != '/';
}

static enum status say_base_path(const struct web *web, struct error *said)
{
	struct strbuf mount;

	strbuf_init(&mount);
	mount_of(web, &mount);
	enum status status =
	    conf_fault(said, STATUS_NOT_FOUND, conf_site_place(site_conf(web), "base_path"),
		       site_conf(web)->base_path_set
			   ? "is not the path of %s, so prebind answers %d; set base_path = %s"
			   : "is empty, but the web server sends no PATH_INFO for %s, so prebind "
			     "does not know its own path and answers %d; set base_path = %s",
		       web->url, web->answer.status, mount.data);
	strbuf_clear(&mount);
	return status;
}

static bool base_path_is_empty(const struct web *web)
{
	return !site_conf(web)->base_path_set;
}

static enum status say_not_there(const struct web *web, struct error *said)
{
	return error_set(said, STATUS_NOT_FOUND,
			 "prebind answers 404 at %s, because the Host or path that prebind "
			 "receives does not match hosts or base_path (see the event not_found in "
			 "the log); make every proxy in front of prebind pass on the Host header",
			 web->url);
}

static bool https_is_required(const struct web *web)
{
	return strcmp(web->error_name, "https_required") == 0;
}

static enum status say_https(const struct web *web, struct error *said)
{
	if (web->at.https)
		return conf_fault(said, STATUS_FORBIDDEN, server_place(web, "trusted_proxies"),
				  "%s is https, but prebind receives the request as plain http, "
				  "because a proxy in front of the web server ends TLS; add the "
				  "proxy's address to this key (docs/proxies.md)",
				  web->url);
	return error_set(said, STATUS_FORBIDDEN,
			 "prebind refuses plain http at %s; give the https address of the page",
			 web->url);
}

static enum status say_ours(const struct web *web, struct error *said)
{
	char id[WEB_HEADER_MAX];

	web_header(&web->answer, "X-Request-Id", id);
	return error_set(said, STATUS_UNAVAILABLE,
			 "prebind answers %d at %s%s%s; look up the request %s in prebind's log "
			 "(docs/troubleshooting.md)",
			 web->answer.status, web->url, web->error_name[0] != '\0' ? ": " : "",
			 web->error_name, id);
}

/* ---- answers of the web server itself ---- */

static bool has_socket(const struct web *web)
{
	return web->report->ctl->conf->server.listen[0] != '\0';
}

static bool nobody_listens(const struct web *web)
{
	const struct server_conf *server = &web->report->ctl->conf->server;

	return has_socket(web) && check_server_answers(server) != 0;
}

static enum status say_not_running(const struct web *web, struct error *said)
{
	return conf_fault(
	    said, STATUS_UNAVAILABLE, server_place(web, "listen"),
	    "the web server answers %d at %s, because prebind.fcgi is not running or "
	    "the web server is configured for another socket; start prebind (systemctl "
	    "start prebind), or correct the socket in the web server's configuration",
	    web->answer.status, web->url);
}

/*
 * True if the account is root, the program's own account or a peer user. Only these accounts are
 * allowed to connect to prebind's socket.
 */
static bool may_connect(const struct server_conf *server, uid_t uid)
{
	const struct passwd *user = getpwnam(server->user);

	if (uid == 0 || (user != NULL ? user->pw_uid : geteuid()) == uid)
		return true;
	for (size_t i = 0; i < server->peer_users.count; i++) {
		const struct passwd *peer = getpwnam(server->peer_users.items[i]);

		if (peer != NULL && peer->pw_uid == uid)
			return true;
	}
	return false;
}

static const struct web_server_account *stranger(const struct web *web)
{
	const struct web_server *server = &web->report->web_server;

	for (size_t i = 0; i < server->count; i++)
		if (!may_connect(&web->report->ctl->conf->server, server->accounts[i].uid))
			return &server->accounts[i];
	return NULL;
}

static bool is_no_peer(const struct web *web)
{
	return has_socket(web) && stranger(web) != NULL;
}

static enum status say_peer(const struct web *web, struct error *said)
{
	const struct web_server_account *account = stranger(web);
	const struct passwd *who = getpwuid(account->uid);
	char number[24];

	snprintf(number, sizeof(number), "%ld", (long)account->uid);
	const char *name = who != NULL ? who->pw_name : number;
	return conf_fault(said, STATUS_FORBIDDEN, server_place(web, "peer_users"),
			  "the web server (%s, process %ld) runs as %s, which is not in this key, "
			  "so prebind refuses its connections; add %s, and restart prebind",
			  account->name, (long)account->pid, name, name);
}

static bool is_apache(const struct web *web)
{
	char server[WEB_HEADER_MAX];

	web_header(&web->answer, "Server", server);
	return has_socket(web) && strncmp(server, "Apache", strlen("Apache")) == 0;
}

static enum status say_apache(const struct web *web, struct error *said)
{
	return error_set(said, STATUS_UNAVAILABLE,
			 "Apache answers %d at %s itself, because proxy_fcgi is not enabled; run: "
			 "a2enmod proxy_fcgi && systemctl restart apache2",
			 web->answer.status, web->url);
}

static enum status say_web_server(const struct web *web, struct error *said)
{
	const char *listen = web->report->ctl->conf->server.listen;

	return error_set(said, STATUS_UNAVAILABLE,
			 "the web server answers %d at %s itself, because it cannot reach prebind; "
			 "look at the web server's error log, and compare the socket in its "
			 "configuration with listen = %s",
			 web->answer.status, web->url, listen);
}

static enum status say_unknown_path(const struct web *web, struct error *said)
{
	return error_set(said, STATUS_NOT_FOUND,
			 "the web server answers %d at %s itself; include prebind's file (apache/, "
			 "lighttpd/ or nginx/) in the web server's configuration for this host and "
			 "path, or correct --web",
			 web->answer.status, web->url);
}

static enum status say_refused(const struct web *web, struct error *said)
{
	return error_set(said, STATUS_FORBIDDEN,
			 "the web server answers %d at %s itself; allow this URL in the web "
			 "server's configuration",
			 web->answer.status, web->url);
}

static enum status say_elsewhere(const struct web *web, struct error *said)
{
	char place[WEB_HEADER_MAX];

	web_header(&web->answer, "Location", place);
	return error_set(said, STATUS_NOT_FOUND,
			 "the web server redirects %s to %s; give the second address with --web",
			 web->url, place);
}

static enum status say_foreign(const struct web *web, struct error *said)
{
	return error_set(said, STATUS_NOT_FOUND,
			 "%s answers %d, but the answer is not from prebind (no X-Request-Id); "
			 "include prebind's file in the web server's configuration for this host "
			 "and path, or correct --web",
			 web->url, web->answer.status);
}

/* The causes, in the order in which they are tested. The first row that applies is reported. */
static const struct page_fault {
	int from, to;                           /* the range of HTTP statuses */
	bool ours;                              /* true if prebind itself answered */
	bool (*applies)(const struct web *web); /* NULL if the row applies without a test */
	enum status (*say)(const struct web *web, struct error *said);
} page_faults[] = {
    {404, 404, true,  host_is_unknown,    say_host        },
    {404, 404, true,  path_is_elsewhere,  say_base_path   },
    {404, 404, true,  NULL,               say_not_there   },
    {403, 403, true,  https_is_required,  say_https       },
    {500, 500, true,  base_path_is_empty, say_base_path   },
    {400, 400, true,  NULL,               say_ours        },
    {402, 599, true,  NULL,               say_ours        },
    {500, 599, false, nobody_listens,     say_not_running },
    {500, 599, false, is_no_peer,         say_peer        },
    {500, 500, false, is_apache,          say_apache      },
    {500, 599, false, NULL,               say_web_server  },
    {404, 405, false, NULL,               say_unknown_path},
    {400, 499, false, NULL,               say_refused     },
    {300, 399, false, NULL,               say_elsewhere   },
    {200, 299, false, NULL,               say_foreign     },
};

bool web_page_fault(const struct web *web, struct error *said)
{
	bool ours = web_is_ours(web);

	for (size_t i = 0; i < sizeof(page_faults) / sizeof(page_faults[0]); i++) {
		const struct page_fault *fault = &page_faults[i];

		if (web->answer.status >= fault->from && web->answer.status <= fault->to &&
		    fault->ours == ours && (fault->applies == NULL || fault->applies(web))) {
			said->status = fault->say(web, said);
			return true;
		}
	}
	return false;
}
