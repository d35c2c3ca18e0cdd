/*
 * prebindctl status: prints the contents of the running server's page /status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/server_call.h"
#include "page/status_report.h"

#define PATH      "/status"
#define TIME_SIZE 32

/*
 * Characters for bars of growing height, in eighths of a line. `letters` is for terminals without
 * UTF-8.
 */
static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const letters[] = {"_", ".", "-", "=", "+", "*", "#", "@"};
#define HEIGHTS 8

static long long number(const struct json *value)
{
	long long n = 0;

	json_integer(value, &n);
	return n > 0 ? n : 0;
}

/* Prints a line of bars. The largest value gets the highest bar. */
static void print_bars(const struct json *steps, const char *const *bars)
{
	long long top = 0;

	for (const struct json *step = json_first(steps); step != NULL; step = json_next(step))
		top = number(step) > top ? number(step) : top;
	for (const struct json *step = json_first(steps); step != NULL; step = json_next(step))
		fputs(bars[top == 0 ? 0 : number(step) * (HEIGHTS - 1) / top], stdout);
}

static void print_row(const struct json *root, const char *name, const char *const *bars)
{
	const struct json *plot = json_member(json_member(root, "plots"), name);

	printf("%-20s %12lld %12lld", name, number(json_member(json_member(root, "hour"), name)),
	       number(json_member(json_member(root, "day"), name)));
	if (plot != NULL) {
		fputs("  ", stdout);
		print_bars(json_member(plot, "hour"), bars);
	}
	putchar('\n');
}

static void print_rows(const struct json *root, const char *const *bars)
{
	printf("%-20s %12s %12s  %s\n", "", "last hour", "last day", "last hour, minute by minute");
	for (size_t i = 0; i < status_series_count; i++)
		print_row(root, status_series[i].name, bars);
}

static const char *text(const struct json *object, const char *key)
{
	const char *found = json_string(json_member(object, key));

	return found != NULL && found[0] != '\0' ? found : "-";
}

static void print_failures(const struct json *list, const char *title)
{
	char at[TIME_SIZE];
	struct tm tm;

	printf("\n%s%s\n", title, json_first(list) == NULL ? ": none" : ":");
	for (const struct json *one = json_first(list); one != NULL; one = json_next(one)) {
		time_t when = (time_t)number(json_member(one, "time"));

		if (localtime_r(&when, &tm) == NULL || strftime(at, sizeof(at), "%F %T", &tm) == 0)
			at[0] = '\0';
		printf("  %s  %s  %s  site %s  user %s  from %s  request %s\n", at,
		       text(one, "error"), text(one, "route"), text(one, "site"), text(one, "user"),
		       text(one, "ip"), text(one, "request_id"));
	}
}

/* Looks for the terminal's encoding in the first of these environment variables that is set. */
static bool is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return strcasestr(value, "UTF-8") != NULL ||
			       strcasestr(value, "UTF8") != NULL;
	}
	return false;
}

static void print_status(const struct json *root)
{
	printf("prebind %s\n\n", text(root, "version"));
	print_rows(root, is_utf8() ? blocks : letters);
	print_failures(json_member(root, "failed"), "The last requests that failed");
	print_failures(json_member(root, "limited"), "The last visitors refused by a limit");
}

int ctl_status(struct ctl *ctl)
{
	struct error err = {0}, why = {0};
	struct json *root = NULL;
	struct strbuf body;

	enum status status = server_call(ctl, PATH, &body, &err);
	if (status == STATUS_OK) {
		status = json_parse(body.data, body.len, &root, &why);
		if (status != STATUS_OK)
			error_set(&err, status, "%s does not answer like a prebind server: %s",
				  ctl->conf->server.listen, why.text);
	}
	if (status == STATUS_OK && ctl->json)
		puts(body.data);
	else if (status == STATUS_OK)
		print_status(root);
	json_free(root);
	strbuf_clear(&body);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}
