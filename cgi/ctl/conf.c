/*
 * prebindctl conf, migrate and version.
 */
#include <stdio.h>

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

int ctl_migrate(struct ctl *ctl)
{
	struct store_migration_report report = {0};
	struct error err = {0};
	struct strbuf json;
	struct json_writer w;

	enum status status = store_migrate(ctl->site->database, &report, &err);
	if (status != STATUS_OK)
		return ctl_fail(ctl, &err);
	if (!ctl->json) {
		if (report.from == report.to)
			printf("%s: schema %d, nothing to do\n", ctl->site->database, report.to);
		else
			printf("%s: schema %d -> %d\n", ctl->site->database, report.from,
			       report.to);
		return EXIT_DONE;
	}
	strbuf_init(&json);
	json_writer_init(&w, &json);
	json_open_object(&w, NULL);
	json_put_string(&w, "database", ctl->site->database);
	json_put_integer(&w, "from", report.from);
	json_put_integer(&w, "to", report.to);
	json_close_object(&w);
	return ctl_print_json(ctl, &json);
}

int ctl_version(struct ctl *ctl)
{
	(void)ctl;
	puts("prebindctl " PREBIND_VERSION);
	return EXIT_DONE;
}
