/*
 * prebindctl check: checks everything that the program needs, and prints one sentence for each
 * check. A check comes before the checks that depend on it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/secret.h"
#include "ctl/check_names.h"
#include "ctl/report.h"
#include "page/behind_proxy.h"
#include "page/page.h"
#include "store/adhoc_caller.h"

#define ROOM_LITTLE_MB 100

static void write_line(const struct report *report, const char *word, const char *what,
		       const char *said)
{
	const char *site = report->site != NULL ? report->site->name : NULL;
	bool ok = strcmp(word, "FAIL") != 0;

	if (!report->ctl->json) {
		printf("%s  %s: %s: %s\n", word, site != NULL ? site : "[server]", what, said);
		return;
	}
	json_open_object(report->w, NULL);
	json_put_string(report->w, "site", site);
	json_put_string(report->w, "what", what);
	json_put_bool(report->w, "ok", ok);
	json_put_string(report->w, "said", said);
	json_close_object(report->w);
}

void report_tell(struct report *report, const char *what, enum status status, const char *said)
{
	if (status != STATUS_OK)
		report->failed++;
	write_line(report, status == STATUS_OK ? "ok  " : "FAIL", what, said);
}

void report_note(const struct report *report, const char *what, const char *said)
{
	write_line(report, "note", what, said);
}

/*
 * Reports a proxy that is missing in trusted_proxies. This is a note and not a failure, because any
 * visitor can forge the header of a proxy.
 */
static void check_addresses(struct report *report, const struct site *site)
{
	if (behind_proxy_was_noticed(site))
		report_note(
		    report, "addresses",
		    "within the last hour, requests came through a proxy, so all visitors count as "
		    "one address; add the proxy's address to trusted_proxies (docs/proxies.md)");
}

static void check_database(struct report *report, struct store *store)
{
	struct error said = {0};
	enum status status = store_verify(store, &said);

	if (status == STATUS_OK)
		error_set(&said, STATUS_OK, "%s is intact", report->site->database);
	report_tell(report, "database", status, said.text);
}

/* Prints nothing if all names are valid. */
static void check_names(struct report *report, struct store *store)
{
	struct error said = {0};
	enum status status = names_check(store, &said);

	if (status != STATUS_OK)
		report_tell(report, "names", status, said.text);
}

/*
 * `told` is the error that prevented opening the site. If a provider has the same error, this error
 * is not reported again.
 */
static void check_providers(struct report *report, struct store *store, const char *told)
{
	const struct conf_list *names = &report->site->identity;

	for (size_t i = 0; i < names->count; i++) {
		const struct identity_provider *provider =
		    identity_provider_of(report->site, names->items[i]);
		struct error said = {0};
		enum status status = provider->check(report->site, store, &said);

		if (status == STATUS_OK || strcmp(said.text, told) != 0)
			report_tell(report, provider->name, status, said.text);
		if (status == STATUS_OK && provider->is_plausible != NULL &&
		    !provider->is_plausible(report->site, &said))
			report_note(report, provider->name, said.text);
	}
}

/*
 * `told` is the error that prevented opening the site. If people_check returns the same error, this
 * error is not reported again.
 */
static void check_people(struct report *report, const char *told)
{
	struct error said = {0};

	if (report->site->people == PEOPLE_OFF)
		return;
	enum status status = people_check(report->site, &said);
	if (status == STATUS_OK || strcmp(said.text, told) != 0)
		report_tell(report, "people", status, said.text);
}

static void count_caller(void *arg, const struct adhoc_caller *caller)
{
	long *count = arg;

	*count += !caller->disabled;
}

/*
 * Reports a failure if gateway = on but no caller is enabled, because the gateway then has no
 * effect.
 */
static void check_callers(struct report *report, struct store *store)
{
	long count = 0;
	struct error said = {0};
	enum status status = adhoc_caller_list(store, count_caller, &count, &said);

	if (status == STATUS_OK && count == 0)
		status = error_set(&said, STATUS_NOT_FOUND,
				   "there is no gateway caller; add one with `prebindctl gateway "
				   "add NAME --domains DOMAIN`");
	else if (status == STATUS_OK)
		error_set(&said, STATUS_OK, "%ld caller%s", count, count == 1 ? "" : "s");
	report_tell(report, "gateway", status, said.text);
}

/*
 * Sets said to the amount of free space on the disk, with a warning if the space is low. The
 * database needs only a few MB, but a log on the same disk can grow faster.
 */
static void say_room(const char *database, struct error *said)
{
	struct statvfs disk;
	double megabytes = 0;

	if (statvfs(database, &disk) == 0)
		megabytes = (double)disk.f_bavail * (double)disk.f_frsize / 1e6;
	error_set(said, STATUS_OK,
		  "the database can be written; the disk has %.0f MB "
		  "free%s",
		  megabytes,
		  megabytes < ROOM_LITTLE_MB ? ", which is little; free some space" : "");
}

/* Checks that the database can be written and that its disk has enough space. */
static void check_writing(struct report *report, struct store *store)
{
	struct conf_place place = conf_site_place(report->site, "database");
	struct error said = {0};
	enum status status = conf_blame(store_write_check(store, &said), &said, place);

	if (status == STATUS_OK && store_is_server(store))
		error_set(&said, STATUS_OK, "the database can be written");
	else if (status == STATUS_OK)
		say_room(report->site->database, &said);
	report_tell(report, "writing", status, said.text);
}

/*
 * Checks the files beside the database. Returns false if this check fails, because all later checks
 * would then fail for the same reason.
 */
static bool check_beside(struct report *report)
{
	struct error said = {0};
	enum status status = conf_blame(store_files_check(report->site->database, &said), &said,
					conf_site_place(report->site, "database"));

	if (status != STATUS_OK)
		report_tell(report, "database", status, said.text);
	return status == STATUS_OK;
}

static void check_deep(struct report *report, struct site *site)
{
	struct chat_session session;

	check_bind(report, site, &session);
	if (site->guests != NULL)
		check_guests(report, site, &session);
	chat_session_clear(&session);
	check_upstream_clock(report);
}

static void check_site(struct report *report)
{
	struct site site = {0};
	struct error said = {0};

	if (!check_beside(report))
		return;
	enum status status = conf_blame(store_check_file(report->site->database, &said), &said,
					conf_site_place(report->site, "database"));
	if (status == STATUS_OK)
		status = site_open(report->site, SITE_FOR_CHECK, report->cache, &site, &said);
	if (status == STATUS_OK)
		error_set(&said, STATUS_OK, "database, templates and secret files can be opened");
	report_tell(report, "site", status, said.text);
	if (site.store != NULL) {
		check_database(report, site.store);
		check_names(report, site.store);
		check_writing(report, site.store);
		int failed = report->failed;
		check_providers(report, site.store, said.text);
		check_people(report, said.text);
		check_grants(report, report->failed > failed);
		if (report->site->gateway)
			check_callers(report, site.store);
	}
	if (status == STATUS_OK)
		check_addresses(report, &site);
	if (status == STATUS_OK)
		check_visitor(report, &site);
	if (status == STATUS_OK) {
		status = prebind_check(site.prebind, &said);
		report_tell(report, "upstream", status, said.text);
		if (status == STATUS_OK && report->ctl->deep)
			check_deep(report, &site);
		check_web(report, &site);
	}
	site_close(&site);
}

void check_sites(struct report *report)
{
	const struct ctl *ctl = report->ctl;

	for (size_t i = 0; i < ctl->conf->n_sites; i++) {
		report->site = &ctl->conf->sites[i];
		if (ctl->site == NULL || ctl->site == report->site)
			check_site(report);
	}
}

int ctl_check(struct ctl *ctl)
{
	struct strbuf json;
	struct json_writer w;
	struct report report = {.ctl = ctl, .w = &w};
	struct error err = {0};
	long port = 0;

	if (ctl->web != NULL && web_address_check(ctl, &port, &err) != STATUS_OK)
		return ctl_fail(ctl, &err);
	if (template_cache_new(site_pages, site_pages_count, &report.cache, &err) != STATUS_OK)
		return ctl_fail(ctl, &err);
	if (ctl->cookie != NULL && check_visitor_cookie(ctl, &report.cookie, &err) != STATUS_OK) {
		template_cache_free(report.cache);
		return ctl_fail(ctl, &err);
	}
	strbuf_init(&json);
	json_writer_init(&w, &json);
	json_open_array(&w, NULL);
	if (ctl->web != NULL)
		web_server_find(port, &report.web_server);
	check_server(&report);
	check_web_site(&report);
	check_wordpress(&report);
	check_sites_by_account(&report);
	template_cache_free(report.cache);
	secret_free(report.cookie);
	json_close_array(&w);
	if (ctl->json)
		ctl_print_json(ctl, &json);
	else
		strbuf_clear(&json);
	return report.failed == 0 ? EXIT_DONE : EXIT_REFUSED;
}
