/*
 * The pages that a site's templates must have, and the template variables that each page can use.
 */
#include "site/site.h"

#define PAGE_CHAT     "chat.html"
#define PAGE_CONVERSE "converse.html"
#define PAGE_DATA     "data.html"

/* The variables of the chat page. They are the same for all values of the key `client`. */
static const char *const chat_names[] = {"base",      "nonce", "user",       "user_key",
					 "session",   "token", "can_logout", "guest",
					 "guest_new", "login", "login_url",  NULL};
static const char *const login_names[] = {"base", "nonce",  "user",    "token",
					  "next", "failed", "message", NULL};
static const char *const error_names[] = {"base",      "nonce",      "status", "title",
					  "sentence",  "request_id", "retry",  "login",
					  "login_url", "cookie",     NULL};

static const char *const status_names[] = {
    "base",       "nonce",       "version", "time",      "plots",     "slow_plots",
    "fail_plots", "limit_plots", "rows",    "slow_rows", "fail_rows", "limit_rows",
    "failures",   "refusals",    "title",   "hour",      "day",       "hour_line",
    "day_line",   "hour_sum",    "day_sum", "hour_top",  "day_top",   "at",
    "what",       "route",       "site",    "who",       "id",        NULL};

const struct template_page site_pages[] = {
    {"login.html",  login_names,  false},
    {"error.html",  error_names,  false},
    {PAGE_CHAT,     chat_names,   false},
    {PAGE_CONVERSE, chat_names,   true },
    {PAGE_DATA,     chat_names,   true },
    {"status.html", status_names, true },
};
const size_t site_pages_count = sizeof(site_pages) / sizeof(site_pages[0]);

const char *site_chat_page(const struct site_conf *conf)
{
	static const char *const pages[] = {
	    [CLIENT_BUILTIN] = PAGE_CHAT,
	    [CLIENT_CONVERSE] = PAGE_CONVERSE,
	    [CLIENT_NONE] = PAGE_DATA,
	};

	return pages[conf->client];
}

enum status site_pages_check(const struct site *site, struct error *err)
{
	const struct site_conf *conf = site->conf;

	if (!template_has(site->templates, site_chat_page(conf)))
		return conf_fault(err, STATUS_BAD_REQUEST, conf_site_place(conf, "client"),
				  "%s has no %s, but this client requires this file; copy the file "
				  "from the installed templates",
				  conf->templates, site_chat_page(conf));
	for (size_t i = 0; i < conf->language.count; i++) {
		if (!template_speaks(site->templates, conf->language.items[i]))
			return conf_fault(err, STATUS_BAD_REQUEST,
					  conf_site_place(conf, "language"),
					  "%s/lang has no %s.json; copy the folder lang from the "
					  "installed templates, or make this file by translating "
					  "another file in the folder",
					  conf->templates, conf->language.items[i]);
	}
	return STATUS_OK;
}
