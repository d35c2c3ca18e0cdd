/*
 * prebindctl check --cookie: reports which user a visitor with this cookie is. It uses the same
 * code as the page. The cookie is a secret, so it is not printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "ctl/report.h"
#include "identity/identity.h"
#include "web/request.h"

#define LOOK_MS 5000 /* a visitor would not wait longer */

/* ---- the option ---- */

static enum status read_stdin(char **out, struct error *err)
{
	char line[REQUEST_COOKIE_MAX + 2]; /* includes the newline and the NUL */
	char *copy = NULL;
	enum status status = STATUS_OK;

	if (fgets(line, sizeof(line), stdin) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0')
		status = error_set(err, STATUS_BAD_REQUEST,
				   "--cookie -: standard input contains no cookie; write a line "
				   "NAME=VALUE to standard input");
	else if ((copy = strdup(line)) == NULL)
		status = error_no_memory(err);
	secret_wipe(line, sizeof(line));
	if (status == STATUS_OK)
		*out = copy;
	return status;
}

enum status check_visitor_cookie(struct ctl *ctl, char **out, struct error *err)
{
	enum status status = STATUS_OK;
	char *cookie = NULL;

	if (ctl->site == NULL && ctl->conf->n_sites > 1)
		return error_set(err, STATUS_BAD_REQUEST,
				 "--cookie: there are several sites; choose one with --site NAME");
	if (strcmp(ctl->cookie, "-") == 0)
		status = read_stdin(&cookie, err);
	else if ((cookie = strdup(ctl->cookie)) == NULL)
		status = error_no_memory(err);
	if (status == STATUS_OK && strchr(cookie, '=') == NULL)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "--cookie needs NAME=VALUE, as the browser's developer tools "
				   "show it for the site");
	if (status == STATUS_OK)
		*out = cookie;
	else
		secret_free(cookie);
	return status;
}

/* ---- the check ---- */

static void tell(struct report *report, enum identity_verdict verdict, const struct identity *found,
		 const struct error *why)
{
	struct error said = {0};

	switch (verdict) {
	case IDENTITY_YES:
		error_set(&said, STATUS_OK, "the visitor is %s%s%s%s, by provider %s", found->user,
			  found->display_name[0] != '\0' ? " (" : "", found->display_name,
			  found->display_name[0] != '\0' ? ")" : "", found->source);
		break;
	case IDENTITY_NONE:
		error_set(&said, STATUS_NOT_FOUND, "the visitor is not logged in: %s",
			  why->text[0] != '\0' ? why->text
					       : "no provider of `identity` knows this cookie");
		break;
	default:
		error_set(&said, STATUS_UNAVAILABLE, "%s", why->text);
	}
	report_tell(report, "cookie", said.status, said.text);
}

static void look(struct report *report, const struct site *site, const struct request *req)
{
	const struct identity_context context = {
	    .conf = report->site,
	    .store = site->store,
	    .chain = site->identity,
	    .req = req,
	    .now = clock_wall(),
	    .until_ms = clock_monotonic_ms() + LOOK_MS,
	};
	struct identity found = {0};
	struct error why = {0};
	enum identity_verdict verdict = identity_find(&context, &found, &why);

	tell(report, verdict, &found, &why);
	identity_clear(&found);
}

void check_visitor(struct report *report, const struct site *site)
{
	const struct conf_list *hosts = &report->site->hosts;
	struct error err = {0};
	struct request req = {0};
	struct strbuf host, cookie;

	if (report->cookie == NULL)
		return;
	strbuf_init(&host);
	strbuf_init_secret(&cookie);
	strbuf_addf(&host, "HTTP_HOST=%s", hosts->count > 0 ? hosts->items[0] : "localhost");
	strbuf_addf(&cookie, "HTTP_COOKIE=%s", report->cookie);
	const char *const params[] = {"REQUEST_METHOD=GET", "REMOTE_ADDR=127.0.0.1",
				      "SCRIPT_NAME=",       "PATH_INFO=/",
				      "HTTPS=on",           host.data,
				      cookie.data,          NULL};
	const struct raw_request raw = {.params = (char *const *)params,
					.began_ms = clock_monotonic_ms()};
	enum status status = strbuf_ok(&host) && strbuf_ok(&cookie) ? request_read(&raw, &req, &err)
								    : error_no_memory(&err);
	if (status == STATUS_OK)
		look(report, site, &req);
	else
		report_tell(report, "cookie", status, err.text);
	request_clear(&req);
	strbuf_clear(&host);
	strbuf_clear(&cookie);
}
