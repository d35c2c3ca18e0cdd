/*
 * prebindctl check --web: the page itself. A table has the causes of each kind of failure, the most
 * certain one first.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/json.h"
#include "conf/cookie_name.h"
#include "ctl/web.h"

#define LOG_HINT "the log says why (docs/troubleshooting.md)"

static const struct site_conf *site_conf(const struct web *web)
{
	return web->site->conf;
}

static struct conf_place server_place(const struct web *web, const char *key)
{
	return conf_server_place(&web->report->ctl->conf->server, key);
}

/* The page's path without the slash at its end: what base_path should be. */
static void mount_of(const struct web *web, struct strbuf *out)
{
	size_t len = strlen(web->at.path);

	strbuf_add(out, web->at.path, len > 1 ? len - 1 : len);
}

/* ---- the causes: does it apply, and the sentence ---- */

static bool host_is_unknown(const struct web *web)
{
	return conf_site_for_host(web->report->ctl->conf, web->at.host) != site_conf(web);
}

static enum status say_host(const struct web *web, struct error *said)
{
	return conf_fault(said, STATUS_NOT_FOUND, conf_site_place(site_conf(web), "hosts"),
			  "the page's host '%s' is not in it, so prebind answers 404; add it",
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
			   : "is empty, and for %s the web server does not say where the program "
			     "is mounted (no PATH_INFO), so prebind answers %d; set base_path = %s",
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
			 "prebind answers 404 at %s, because it is given another Host or path than "
			 "these; compare them with hosts and base_path in the log's not_found, and "
			 "let a proxy in front pass the Host on",
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
				  "%s is https, but prebind is told that it is plain http: a proxy "
				  "in front of the web server ends TLS; name its address here "
				  "(docs/proxies.md)",
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
			 "prebind answers %d at %s%s%s; " LOG_HINT ", for the request %s",
			 web->answer.status, web->url, web->error_name[0] != '\0' ? ": " : "",
			 web->error_name, id);
}

/* ---- the web server's own answers ---- */

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
	return conf_fault(said, STATUS_UNAVAILABLE, server_place(web, "listen"),
			  "the web server answers %d at %s, because prebind.fcgi does not run or "
			  "uses another socket; start it (systemctl start prebind)",
			  web->answer.status, web->url);
}

/* The program itself may connect, as root may. */
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
			  "the web server (%s, process %ld) runs as %s, which is not in it, so "
			  "prebind refuses its connections; add %s, and restart prebind",
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
			 "the web server answers %d at %s itself, because it does not reach "
			 "prebind; its error log says why (compare its socket with listen = %s)",
			 web->answer.status, web->url, listen);
}

static enum status say_unknown_path(const struct web *web, struct error *said)
{
	return error_set(said, STATUS_NOT_FOUND,
			 "the web server answers %d at %s itself; include prebind's file for it "
			 "(apache/, lighttpd/ or nginx/) for this host and path, or correct --web",
			 web->answer.status, web->url);
}

static enum status say_refused(const struct web *web, struct error *said)
{
	return error_set(said, STATUS_FORBIDDEN,
			 "the web server answers %d at %s itself; allow this address in its "
			 "configuration",
			 web->answer.status, web->url);
}

static enum status say_elsewhere(const struct web *web, struct error *said)
{
	char place[WEB_HEADER_MAX];

	web_header(&web->answer, "Location", place);
	return error_set(said, STATUS_NOT_FOUND,
			 "the web server redirects %s to %s; give that address with --web",
			 web->url, place);
}

static enum status say_foreign(const struct web *web, struct error *said)
{
	return error_set(said, STATUS_NOT_FOUND,
			 "%s answers %d, but not from prebind (no X-Request-Id); include prebind's "
			 "file in the web server for this host and path, or correct --web",
			 web->url, web->answer.status);
}

/* The first row that fits is the cause. */
static const struct page_fault {
	int from, to;                           /* HTTP status */
	bool ours;                              /* prebind's own answer */
	bool (*applies)(const struct web *web); /* NULL: always */
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

static const struct page_fault *fault_find(const struct web *web)
{
	bool ours = web_is_ours(web);

	for (size_t i = 0; i < sizeof(page_faults) / sizeof(page_faults[0]); i++) {
		const struct page_fault *fault = &page_faults[i];

		if (web->answer.status >= fault->from && web->answer.status <= fault->to &&
		    fault->ours == ours && (fault->applies == NULL || fault->applies(web)))
			return fault;
	}
	return NULL;
}

/* The name of the error, which only a JSON answer has. It replaces web->answer's body alone. */
static void read_error_name(struct web *web)
{
	struct http_answer page = web->answer;
	struct json *json = NULL;

	http_answer_init(&web->answer);
	if (web_get_from_page(web, "prebind.json", NULL) == STATUS_OK &&
	    json_parse(web->answer.body.data, web->answer.body.len, &json, NULL) == STATUS_OK) {
		const char *name = json_string(json_member(json, "error"));

		snprintf(web->error_name, sizeof(web->error_name), "%s", name != NULL ? name : "");
	}
	json_free(json);
	http_answer_clear(&web->answer);
	web->answer = page;
}

/* The web server itself asks for the name and password of provider remote_user. */
static bool asks_for_login(const struct web *web)
{
	return web->answer.status == 401 && !web_is_ours(web) &&
	       conf_site_has_provider(site_conf(web), PROVIDER_REMOTE_USER);
}

/* ---- what the page should have ---- */

/* A page of ours has each of these once. value NULL: any. */
static const struct page_header {
	const char *name;
	const char *value;
} page_headers[] = {
    {"Content-Security-Policy", NULL         },
    {"Cache-Control",           "no-store"   },
    {"Referrer-Policy",         "same-origin"},
    {"X-Content-Type-Options",  "nosniff"    },
    {"X-Frame-Options",         "DENY"       },
};

static bool header_is_changed(const struct web *web, const struct page_header *header)
{
	char value[WEB_HEADER_MAX];
	int count = web_header(&web->answer, header->name, value);

	return count != 1 || (header->value != NULL && strcasecmp(value, header->value) != 0);
}

static void check_headers(const struct web *web)
{
	struct error said = {0};

	for (size_t i = 0; i < sizeof(page_headers) / sizeof(page_headers[0]); i++) {
		if (!header_is_changed(web, &page_headers[i]))
			continue;
		error_set(&said, STATUS_UNAVAILABLE,
			  "the web server or a proxy adds, changes or removes the header %s of "
			  "prebind's page; leave it alone below %s",
			  page_headers[i].name, web->url);
		report_tell(web->report, "headers", said.status, said.text);
		return;
	}
	report_tell(web->report, "headers", STATUS_OK, "the page's headers arrive unchanged");
}

/* The login form comes with a cookie, which it needs when it is sent. */
static void check_cookie(const struct web *web)
{
	char name[COOKIE_NAME_MAX];
	char value[WEB_HEADER_MAX];
	struct error said = {0};

	cookie_name(site_conf(web), COOKIE_FORM, name);
	web_header(&web->answer, "Set-Cookie", value);
	if (strncmp(value, name, strlen(name)) == 0) {
		error_set(&said, STATUS_OK, "the login form's cookie arrives");
	} else {
		error_set(&said, STATUS_UNAVAILABLE,
			  "the login form comes without its cookie %s: the web server or a proxy "
			  "removes or renames Set-Cookie; leave it alone below %s",
			  name, web->url);
	}
	report_tell(web->report, "cookie", said.status, said.text);
}

/* The lengths of a compressed page would show its secrets (BREACH). */
static void check_compression(struct web *web, const char *reference)
{
	char *url = NULL;
	struct error said = {0};

	if (http_url_resolve(web->url, reference, &url, &said) == STATUS_OK &&
	    web_get(web, url, "Accept-Encoding: br, gzip, deflate", &said) == STATUS_OK &&
	    web_header(&web->answer, "Content-Encoding", NULL) > 0)
		report_tell(
		    web->report, "headers", STATUS_UNAVAILABLE,
		    "the web server compresses prebind's pages, which lets a stranger guess "
		    "their secrets from the length (BREACH); switch it off for them, as "
		    "the shipped file does");
	free(url);
}

/* ---- static files ---- */

static const struct static_file {
	const char *path; /* below the page */
	const char *type; /* part of its Content-Type */
} static_files[] = {
    {"static/chat.css",   "text/css"  },
    {"static/chat.js",    "javascript"},
    {"static/prebind.js", "javascript"},
    {"static/icon.svg",   "image/svg" },
};

static enum status static_file_check(struct web *web, const struct static_file *file,
				     struct error *said)
{
	enum status status = web_get_from_page(web, file->path, said);

	if (status != STATUS_OK)
		return status;
	if (web->answer.status != 200)
		return error_set(
		    said, STATUS_NOT_FOUND,
		    "the web server answers %d at %s%s; let it serve the folder " PREBIND_DATADIR
		    "/static (prebind_static in the shipped file) at "
		    "%sstatic/",
		    web->answer.status, web->url, file->path, web->url);
	if (strstr(web->answer.content_type, file->type) == NULL)
		return error_set(
		    said, STATUS_UNAVAILABLE,
		    "%s%s comes as '%s', so browsers refuse it; give this kind of file "
		    "the type of %s in the web server's list of MIME types",
		    web->url, file->path, web->answer.content_type, file->type);
	return STATUS_OK;
}

static bool check_static(struct web *web)
{
	struct error said = {0};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sizeof(static_files) / sizeof(static_files[0]); i++) {
		status = static_file_check(web, &static_files[i], &said);
		if (status != STATUS_OK)
			break;
	}
	report_tell(web->report, "static", status,
		    status == STATUS_OK ? "style sheet, scripts and icon arrive" : said.text);
	return status == STATUS_OK;
}

/* ---- the page ---- */

static void tell_page(const struct web *web, const char *then)
{
	struct error said = {0};

	error_set(&said, STATUS_OK, "%s answers %d%s%s", web->url, web->answer.status,
		  then[0] != '\0' ? ", and sends visitors who are not logged in to " : "", then);
	report_tell(web->report, "page", STATUS_OK, said.text);
}

/* True: a page of ours, or a redirection by us. Otherwise the cause is reported. */
static bool judge(struct web *web)
{
	struct error said = {0};

	if (web_is_ours(web) && web->answer.status >= 400 && web->answer.status != 401)
		read_error_name(web);
	const struct page_fault *fault = asks_for_login(web) ? NULL : fault_find(web);
	if (fault == NULL)
		return true;
	enum status status = fault->say(web, &said);
	report_tell(web->report, "page", status, said.text);
	return false;
}

/* The form has its own address, to which the page redirects. */
static bool check_login_form(struct web *web, const char *location)
{
	struct error said = {0};
	enum status status = web_get_from_page(web, location, &said);

	if (status != STATUS_OK) {
		report_tell(web->report, "page", status, said.text);
		return false;
	}
	if (web_is_ours(web) && web->answer.status == 200) {
		check_headers(web);
		check_cookie(web);
		check_compression(web, location);
		return true;
	}
	error_set(&said, STATUS_NOT_FOUND,
		  "prebind redirects to %s, where the answer is %d; if a proxy removes a part of "
		  "the path, set public_path to the path that browsers see",
		  location, web->answer.status);
	report_tell(web->report, "page", said.status, said.text);
	return false;
}

bool web_check_page(struct web *web)
{
	char location[WEB_HEADER_MAX];
	struct error said = {0};
	bool own_form = conf_site_has_provider(site_conf(web), PROVIDER_LOGIN) &&
			site_conf(web)->login_url[0] == '\0';
	enum status status = web_get(web, web->url, NULL, &said);

	if (status != STATUS_OK) {
		report_tell(web->report, "page", status, said.text);
		return false;
	}
	if (!judge(web))
		return false;
	web_header(&web->answer, "Location", location);
	tell_page(web, location);
	if (own_form && location[0] != '\0' && !check_login_form(web, location))
		return false;
	if (!own_form && web_is_ours(web) && web->answer.status != 303)
		check_headers(web);
	return check_static(web);
}
