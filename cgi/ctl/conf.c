/*
 * prebindctl conf, migrate and version.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"

int ctl_conf(struct ctl *ctl)
{
	struct strbuf text;

	strbuf_init(&text);
	if (ctl->keys)
		conf_print_keys(&text);
	else if (ctl->json)
		conf_print_json(ctl->conf, &text);
	else
		conf_print(ctl->conf, &text);
	if (strbuf_ok(&text))
		fputs(text.data, stdout);
	if (strbuf_ok(&text) && ctl->json)
		putchar('\n');
	strbuf_clear(&text);
	return EXIT_DONE;
}

static int print_migration_json(const struct ctl *ctl, const struct store_migration_report *report)
{
	struct strbuf json;
	struct json_writer w;

	strbuf_init(&json);
	json_writer_init(&w, &json);
	json_open_object(&w, NULL);
	json_put_string(&w, "database", ctl->site->database);
	json_put_string(&w, "site", ctl->site->name);
	json_put_integer(&w, "from", report->from);
	json_put_integer(&w, "to", report->to);
	if (report->adopted_from != NULL)
		json_put_string(&w, "adopted_from", report->adopted_from);
	json_close_object(&w);
	return ctl_print_json(ctl, &json);
}

static void print_migration(const struct ctl *ctl, const struct store_migration_report *report)
{
	const char *path = ctl->site->database;

	if (report->adopted_from != NULL)
		printf("%s: was the database of [site %s], now belongs to [site %s]; "
		       "its logins have ended\n",
		       path, report->adopted_from, ctl->site->name);
	if (report->from == report->to)
		printf("%s: schema %d, nothing to do\n", path, report->to);
	else
		printf("%s: schema %d -> %d\n", path, report->from, report->to);
}

int ctl_migrate(struct ctl *ctl)
{
	const struct store_migration what = {
	    .place = STORE_PLACE(ctl->site),
	    .site = ctl->site->name,
	    .adopt = ctl->adopt,
	};
	struct store_migration_report report = {0};
	struct error err = {0};
	int result = EXIT_DONE;

	if (conf_blame(store_migrate(&what, &report, &err), &err,
		       conf_site_place(ctl->site, "database")) != STATUS_OK)
		return ctl_fail(ctl, &err);
	if (ctl->json)
		result = print_migration_json(ctl, &report);
	else
		print_migration(ctl, &report);
	free(report.adopted_from);
	return result;
}

int ctl_version(struct ctl *ctl)
{
	(void)ctl;
	puts("prebindctl " PREBIND_VERSION);
	return EXIT_DONE;
}
