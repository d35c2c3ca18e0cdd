/*
 * The commands prebindctl conf, prebindctl migrate and prebindctl version.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"
#include "store/copy.h"

int ctl_conf(struct ctl *ctl)
{
	struct strbuf text;

	strbuf_init(&text);
	if (ctl->keys && ctl->json)
		conf_print_keys_json(&text);
	else if (ctl->keys)
		conf_print_keys(&text);
	else if (ctl->json)
		conf_print_json(ctl->conf, &text);
	else
		conf_print(ctl->conf, &text);
	if (ctl->json)
		strbuf_addc(&text, '\n');
	return ctl_print_text(&text);
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
		printf("%s: the database of [site %s] now belongs to [site %s]; all logins in the "
		       "database have ended\n",
		       path, report->adopted_from, ctl->site->name);
	if (report->from == report->to)
		printf("%s: schema %d, nothing to do\n", path, report->to);
	else
		printf("%s: schema %d -> %d\n", path, report->from, report->to);
}

static int print_copy_json(const struct ctl *ctl, const struct store_copy *copy)
{
	struct strbuf json;
	struct json_writer w;

	strbuf_init(&json);
	json_writer_init(&w, &json);
	json_open_object(&w, NULL);
	json_put_string(&w, "database", ctl->site->database);
	json_put_string(&w, "copied_from", ctl->from);
	json_open_object(&w, "rows");
	for (size_t i = 0; i < STORE_COPY_TABLES; i++)
		json_put_integer(&w, copy->copied[i].table, (int64_t)copy->copied[i].rows);
	json_close_object(&w);
	json_close_object(&w);
	return ctl_print_json(ctl, &json);
}

static int copy_from(struct ctl *ctl)
{
	struct store_copy copy = {
	    .from = {ctl->from, ctl->password_file},
	    .to = STORE_LOCATION(ctl->site),
	    .site = ctl->site->name,
	};
	struct error err = {0};

	if (store_copy(&copy, &err) != STATUS_OK)
		return ctl_fail(ctl, &err);
	if (ctl->json)
		return print_copy_json(ctl, &copy);
	for (size_t i = 0; i < STORE_COPY_TABLES; i++)
		printf("%-16s %zu row%s\n", copy.copied[i].table, copy.copied[i].rows,
		       copy.copied[i].rows == 1 ? "" : "s");
	printf("%s is a copy of %s; all rate limits start from zero\n", ctl->site->database,
	       ctl->from);
	return EXIT_DONE;
}

/* Returns NULL if the options can be combined, otherwise the reason why they cannot. */
static const char *wrong_options(const struct ctl *ctl)
{
	if (ctl->from != NULL && ctl->adopt)
		return "--adopt and --from cannot be used together; run prebindctl migrate once "
		       "with each of these options";
	if (ctl->from == NULL && ctl->password_file != NULL)
		return "--password-file requires --from, because it is for the database in --from";
	return NULL;
}

int ctl_migrate(struct ctl *ctl)
{
	if (wrong_options(ctl) != NULL) {
		fprintf(stderr, "prebindctl: %s\n", wrong_options(ctl));
		return EXIT_USAGE;
	}
	if (ctl->from != NULL)
		return copy_from(ctl);
	const struct store_migration what = {
	    .location = STORE_LOCATION(ctl->site),
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
