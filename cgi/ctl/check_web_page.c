/*
 * prebindctl check --web: checks the page, its headers, its cookie and the static files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "conf/cookie_name.h"
#include "conf/shipped.h"
#include "ctl/web.h"

static const struct site_conf *site_conf(const struct web *web)
{
	return web->site->conf;
}

/*
 * Sets web->error_name to the name of the page's error. Requests prebind.json for this, because
 * only JSON answers have the name. web->answer remains the page's answer.
 */
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

/* True if the web server itself asks for a login, and the site has provider remote_user. */
static bool asks_for_login(const struct web *web)
{
	return web->answer.status == 401 && !web_is_ours(web) &&
	       conf_site_has_provider(site_conf(web), PROVIDER_REMOTE_USER);
}

/* ---- what the page should have ---- */

/* The headers that every page of prebind has exactly once. A value of NULL allows any value. */
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
			  "prebind's page; configure it to pass on this header unchanged below %s",
			  page_headers[i].name, web->url);
		report_tell(web->report, "headers", said.status, said.text);
		return;
	}
	report_tell(web->report, "headers", STATUS_OK, "the page's headers arrive unchanged");
}

/*
 * Checks that the login form's answer sets the form's cookie. The browser must send this cookie
 * back with the form.
 */
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
			  "the login form comes without its cookie %s, because the web server or a "
			  "proxy removes or renames Set-Cookie; configure it to pass on this "
			  "header unchanged below %s",
			  name, web->url);
	}
	report_tell(web->report, "cookie", said.status, said.text);
}

/*
 * Reports a compressed page, because the length of compressed data can reveal secrets in the page
 * (BREACH).
 */
static void check_compression(struct web *web, const char *reference)
{
	char *url = NULL;
	struct error said = {0};

	if (http_url_resolve(web->url, reference, &url, &said) == STATUS_OK &&
	    web_get(web, url, "Accept-Encoding: br, gzip, deflate", &said) == STATUS_OK &&
	    web_header(&web->answer, "Content-Encoding", NULL) > 0)
		report_tell(web->report, "headers", STATUS_UNAVAILABLE,
			    "the web server compresses prebind's pages, so strangers can guess "
			    "secrets in a page from its length (BREACH); switch off compression "
			    "for these pages, as the shipped file does");
	free(url);
}

/* ---- static files ---- */

static const struct static_file {
	const char *path; /* relative to the page's address */
	const char *type; /* a string that the Content-Type must contain */
} static_files[] = {
    {"static/chat.css",   "text/css"  },
    {"static/chat.js",    "javascript"},
    {"static/prebind.js", "javascript"},
    {"static/icon.svg",   "image/svg" },
};

static enum status static_file_missing(const struct web *web, const struct static_file *file,
				       struct error *said)
{
	char *folder;
	enum status status = conf_shipped_path("/static", &folder, said);

	if (status != STATUS_OK)
		return status;
	error_set(said, STATUS_NOT_FOUND,
		  "the web server answers %d at %s%s; make the web server serve the folder %s "
		  "(prebind_static in the shipped file) at %sstatic/",
		  web->answer.status, web->url, file->path, folder, web->url);
	free(folder);
	return said->status;
}

static enum status static_file_check(struct web *web, const struct static_file *file,
				     struct error *said)
{
	enum status status = web_get_from_page(web, file->path, said);

	if (status != STATUS_OK)
		return status;
	if (web->answer.status != 200)
		return static_file_missing(web, file, said);
	if (strstr(web->answer.content_type, file->type) == NULL)
		return error_set(
		    said, STATUS_UNAVAILABLE,
		    "%s%s has the Content-Type '%s', so browsers refuse the file; set the type of "
		    "such files to %s in the web server's list of MIME types",
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
		    status == STATUS_OK ? "the style sheet, scripts and icon can be loaded"
					: said.text);
	return status == STATUS_OK;
}

/* ---- the page ---- */

static void tell_page(const struct web *web, const char *then)
{
	struct error said = {0};

	error_set(&said, STATUS_OK, "%s answers %d%s%s", web->url, web->answer.status,
		  then[0] != '\0' ? ", and redirects visitors without a login to " : "", then);
	report_tell(web->report, "page", STATUS_OK, said.text);
}

/*
 * Returns true if the answer is a page or a redirect of prebind, or the web server's request for a
 * login. Otherwise reports the cause and returns false.
 */
static bool judge(struct web *web)
{
	struct error said = {0};

	if (web_is_ours(web) && web->answer.status >= 400 && web->answer.status != 401)
		read_error_name(web);
	if (asks_for_login(web) || !web_page_fault(web, &said))
		return true;
	report_tell(web->report, "page", said.status, said.text);
	return false;
}

/* Checks the login form at `location`, the address to which the page redirects. */
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
