/*
 * prebindctl check --web: makes the checks that need requests to the web server, in the order in
 * which a browser makes them. This file decides which site is checked, and at which address.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/web.h"

enum status web_address_check(const struct ctl *ctl, long *port, struct error *err)
{
	struct http_url at = {0};
	struct error why = {0};
	enum status status = http_url_read(ctl->web, &at, &why);

	if (status != STATUS_OK)
		return error_set(err, status, "--web: %s", why.text);
	*port = at.port;
	http_url_clear(&at);
	return STATUS_OK;
}

/*
 * Returns the site that should answer at the address of --web. Returns NULL if there are several
 * sites and none of these sites has the host of --web.
 */
static const struct site_conf *site_of_address(const struct ctl *ctl)
{
	struct http_url at = {0};
	const struct site_conf *found = ctl->site;

	if (found == NULL && ctl->conf->n_sites == 1)
		found = &ctl->conf->sites[0];
	if (found == NULL && http_url_read(ctl->web, &at, NULL) == STATUS_OK)
		found = conf_site_for_host(ctl->conf, at.host);
	http_url_clear(&at);
	return found;
}

void check_web_site(struct report *report)
{
	struct http_url at = {0};
	struct error said = {0};

	if (report->ctl->web == NULL || site_of_address(report->ctl) != NULL)
		return;
	http_url_read(report->ctl->web, &at, NULL);
	error_set(&said, STATUS_NOT_FOUND,
		  "no site has the host '%s' of %s; add the host to the key `hosts` of the right "
		  "[site NAME]",
		  at.host != NULL ? at.host : "", report->ctl->web);
	http_url_clear(&at);
	report_tell(report, "hosts", said.status, said.text);
}

static void path_add(const struct site_conf *conf, struct strbuf *url)
{
	strbuf_adds(url, conf->public_path_set ? conf->public_path : conf->base_path);
}

/*
 * Returns the page's address, which ends with a slash. The address comes from --web, or from the
 * first host in `hosts`. Returns NULL if the site is not checked. The caller frees the address.
 */
static char *address_of(const struct report *report)
{
	const struct ctl *ctl = report->ctl;
	const struct site_conf *conf = report->site;
	bool only_one = ctl->site != NULL || ctl->conf->n_sites == 1;
	struct strbuf url;

	strbuf_init(&url);
	if (ctl->web != NULL && site_of_address(ctl) == conf) {
		strbuf_add(&url, ctl->web, strcspn(ctl->web, "?#"));
	} else if (ctl->web == NULL && ctl->deep && only_one && conf->hosts.count > 0) {
		strbuf_addf(&url, "%s://%s", conf->allow_http ? "http" : "https",
			    conf->hosts.items[0]);
		path_add(conf, &url);
	}
	if (url.len > 0 && url.data[url.len - 1] != '/')
		strbuf_addc(&url, '/');
	if (url.len > 0)
		return strbuf_take(&url);
	strbuf_clear(&url);
	return NULL;
}

void check_web(struct report *report, struct site *site)
{
	struct web web = {.report = report, .site = site, .guessed = report->ctl->web == NULL};
	struct error said = {0};
	char *url = address_of(report);

	if (url == NULL) {
		if (report->ctl->deep && report->ctl->web == NULL)
			report_note(report, "web",
				    "the web server was not tested; give the page's address with "
				    "--web https://HOST/PATH/");
		return;
	}
	enum status status = web_open(&web, url, &said);
	if (status != STATUS_OK) {
		report_tell(report, "address", status, said.text);
	} else if (web_check_address(&web)) {
		bool page = web_check_page(&web);
		if (web.answer.status != 0) {
			web_check_certificate(&web);
			web_check_clock(&web);
		}
		if (page)
			web_check_bosh(&web);
	}
	web_close(&web);
}
