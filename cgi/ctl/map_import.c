/*
 * prebindctl map import: adds the rows of a CSV file to the JID map. It adds either all rows or
 * none. It reports all errors in the file before it changes the database.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/csv.h"
#include "ctl/ctl.h"
#include "identity/identity.h"
#include "account/jid_deny.h"
#include "store/jid_map.h"
#include "xmpp/jid.h"

#define TOLD_MAX 20 /* only this many errors are printed; the others usually have the same cause */

enum column { COLUMN_SOURCE, COLUMN_USER, COLUMN_JID, COLUMN_PASSWORD, N_COLUMNS };

static const char *const column_names[N_COLUMNS] = {
    [COLUMN_SOURCE] = "source",
    [COLUMN_USER] = "user",
    [COLUMN_JID] = "jid",
    [COLUMN_PASSWORD] = "xmpp_password",
};

/* The order of the columns if the first line of the file does not name the columns. */
static const int columns_unnamed[N_COLUMNS] = {
    [COLUMN_SOURCE] = -1, [COLUMN_USER] = 0, [COLUMN_JID] = 1, [COLUMN_PASSWORD] = 2};

struct import {
	const struct ctl *ctl;
	const char *file;
	int columns[N_COLUMNS]; /* index of the field in a record; -1 if the file lacks it */
	size_t width;           /* number of fields in a record; 0 if not yet known */
	struct jid_map_row *rows;
	long *lines; /* the line number of each row */
	size_t count;
	size_t size;
	size_t faults;
};

static void fault(struct import *import, long line, const char *why)
{
	if (import->faults++ < TOLD_MAX)
		fprintf(stderr, "%s:%ld: %s\n", import->file, line, why);
}

/* ---- the file ---- */

static int column_named(const char *name)
{
	for (int i = 0; i < N_COLUMNS; i++)
		if (strcmp(column_names[i], name) == 0)
			return i;
	return -1;
}

/*
 * Reads a first line that names the columns. Returns false if the first line is a row. A row cannot
 * be mistaken for column names, because the column name "jid" is not a valid JID.
 */
static bool read_names(struct import *import, const struct csv *csv)
{
	int columns[N_COLUMNS] = {-1, -1, -1, -1};

	for (size_t i = 0; i < csv->count; i++) {
		int column = column_named(csv->fields[i]);

		if (column < 0 || columns[column] >= 0)
			return false;
		columns[column] = (int)i;
	}
	if (columns[COLUMN_USER] < 0 || columns[COLUMN_JID] < 0)
		return false;
	memcpy(import->columns, columns, sizeof(columns));
	return true;
}

static const char *field(const struct import *import, const struct csv *csv, enum column column)
{
	int at = import->columns[column];

	return at >= 0 && (size_t)at < csv->count ? csv->fields[at] : "";
}

static enum status row_check(const struct import *import, const struct jid *jid, struct error *err)
{
	if (jid->resource[0] != '\0')
		return error_set(err, STATUS_BAD_REQUEST,
				 "the JID has a resource; give the bare JID");
	return jid_deny(import->ctl->site, jid, err);
}

/* True if a member is missing because memory ran out. */
static bool row_is_short(const struct jid_map_row *row, bool has_password)
{
	return row->source == NULL || row->localpart == NULL || row->domain == NULL ||
	       (has_password && row->xmpp_password == NULL);
}

static enum status map_row_read(const struct import *import, const struct csv *csv,
				struct jid_map_row *out, struct error *err)
{
	const char *source = field(import, csv, COLUMN_SOURCE);
	const char *password = field(import, csv, COLUMN_PASSWORD);
	struct jid jid = {0};

	enum status status = jid_parse(field(import, csv, COLUMN_JID), &jid, err);
	if (status != STATUS_OK)
		return status;
	if (source[0] == '\0')
		source = ctl_source(import->ctl);
	struct jid_map_row row = {
	    .source = strdup(source),
	    .localpart = strdup(jid.localpart),
	    .domain = strdup(jid.domain),
	    .xmpp_password = password[0] != '\0' ? strdup(password) : NULL,
	};
	status = ctl_map_user(import->ctl, source, field(import, csv, COLUMN_USER), &row.user, err);
	if (status == STATUS_OK && row_is_short(&row, password[0] != '\0'))
		status = error_no_memory(err);
	if (status == STATUS_OK)
		status = row_check(import, &jid, err);
	jid_clear(&jid);
	if (status == STATUS_OK)
		*out = row;
	else
		jid_map_clear(&row);
	return status;
}

static bool make_room(struct import *import)
{
	size_t size = import->size != 0 ? 2 * import->size : 1024;

	if (import->count < import->size)
		return true;
	struct jid_map_row *rows = reallocarray(import->rows, size, sizeof(*rows));
	if (rows != NULL)
		import->rows = rows;
	long *lines = reallocarray(import->lines, size, sizeof(*lines));
	if (lines != NULL)
		import->lines = lines;
	if (rows == NULL || lines == NULL)
		return false;
	import->size = size;
	return true;
}

static enum status record_take(struct import *import, const struct csv *csv, struct error *err)
{
	struct error why = {0};

	if (import->width == 0) {
		import->width = csv->count;
		if (read_names(import, csv))
			return STATUS_OK;
	}
	if (!make_room(import))
		return error_no_memory(err);
	enum status status = STATUS_OK;
	if (csv->count != import->width || csv->count < 2 || csv->count > N_COLUMNS)
		status =
		    error_set(&why, STATUS_BAD_REQUEST,
			      "the line has %zu fields; each line must have the fields user,jid or "
			      "user,jid,xmpp_password, or the columns in the first line (source is "
			      "also allowed)",
			      csv->count);
	if (status == STATUS_OK)
		status = map_row_read(import, csv, &import->rows[import->count], &why);
	if (status == STATUS_OK)
		import->lines[import->count++] = csv->line;
	else if (status == STATUS_INTERNAL)
		return error_set(err, status, "%s", why.text);
	else
		fault(import, csv->line, why.text);
	return STATUS_OK;
}

static enum status csv_file_read(struct import *import, FILE *in, struct error *err)
{
	struct error why = {0};
	struct csv csv;

	csv_init(&csv, in);
	enum status status;
	while ((status = csv_next(&csv, &why)) == STATUS_OK) {
		status = record_take(import, &csv, err);
		if (status != STATUS_OK)
			break;
	}
	if (status == STATUS_INTERNAL && why.text[0] != '\0')
		error_set(err, status, "%s", why.text);
	else if (why.text[0] != '\0') /* reading ends at a fault such as a misplaced quote */
		fault(import, csv.line, why.text);
	csv_clear(&csv);
	return status == STATUS_INTERNAL ? status : STATUS_OK;
}

/* ---- rows that are in the file twice ---- */

static int compare_users(const void *a, const void *b, void *arg)
{
	const struct jid_map_row *rows = arg;
	const struct jid_map_row *x = &rows[*(const size_t *)a], *y = &rows[*(const size_t *)b];
	int order = strcmp(x->user, y->user);

	return order != 0 ? order : strcmp(x->source, y->source);
}

static int compare_accounts(const void *a, const void *b, void *arg)
{
	const struct jid_map_row *rows = arg;
	const struct jid_map_row *x = &rows[*(const size_t *)a], *y = &rows[*(const size_t *)b];
	int order = strcmp(x->localpart, y->localpart);

	return order != 0 ? order : strcmp(x->domain, y->domain);
}

static void find_twins(struct import *import, size_t *order, const char *what,
		       int (*compare)(const void *a, const void *b, void *arg))
{
	qsort_r(order, import->count, sizeof(*order), compare, import->rows);
	for (size_t i = 1; i < import->count; i++) {
		long first = import->lines[order[i - 1]], second = import->lines[order[i]];
		char why[96];

		if (compare(&order[i - 1], &order[i], import->rows) != 0)
			continue;
		snprintf(why, sizeof(why), "the line has the same %s as line %ld", what,
			 first < second ? first : second);
		fault(import, first < second ? second : first, why);
	}
}

static enum status twins_check(struct import *import, struct error *err)
{
	size_t *order = calloc(import->count + 1, sizeof(*order));

	if (order == NULL)
		return error_no_memory(err);
	for (size_t i = 0; i < import->count; i++)
		order[i] = i;
	find_twins(import, order, "user", compare_users);
	find_twins(import, order, "account", compare_accounts);
	free(order);
	return STATUS_OK;
}

/* ---- the database ---- */

static void show_progress(void *arg, size_t done)
{
	const struct import *import = arg;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%zu of %zu rows", done, import->count);
}

static enum status rows_write(struct import *import, struct jid_map_import *rows, struct error *err)
{
	struct error why = {0};

	if (import->faults > 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: %zu line%s cannot be imported; nothing was changed",
				 import->file, import->faults, import->faults == 1 ? "" : "s");
	*rows = (struct jid_map_import){
	    .rows = import->rows,
	    .count = import->count,
	    .dry_run = import->ctl->dry_run,
	    .progress = show_progress,
	    .arg = import,
	};
	enum status status = jid_map_import(import->ctl->store, rows, &why);
	if (import->count > 0 && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (status == STATUS_CONFLICT || status == STATUS_BAD_REQUEST)
		return error_set(err, status, "%s:%ld: %s; nothing was changed", import->file,
				 import->lines[rows->failed], why.text);
	return status == STATUS_OK ? status : error_set(err, status, "%s", why.text);
}

static int tell(struct ctl *ctl, const struct import *import, const struct jid_map_import *rows)
{
	struct strbuf json;
	struct json_writer w;

	if (!ctl->json) {
		printf("%zu rows: %zu added, %zu changed, %zu unchanged%s\n", import->count,
		       rows->added, rows->changed, rows->same,
		       rows->dry_run ? " (dry run: nothing was changed)" : "");
		return EXIT_DONE;
	}
	strbuf_init(&json);
	json_writer_init(&w, &json);
	json_open_object(&w, NULL);
	json_put_integer(&w, "rows", (long)import->count);
	json_put_integer(&w, "added", (long)rows->added);
	json_put_integer(&w, "changed", (long)rows->changed);
	json_put_integer(&w, "same", (long)rows->same);
	json_put_bool(&w, "dry_run", rows->dry_run);
	json_close_object(&w);
	return ctl_print_json(ctl, &json);
}

int ctl_map_import(struct ctl *ctl)
{
	struct import import = {.ctl = ctl, .file = ctl->argv[0]};
	struct jid_map_import rows = {0};
	struct error err = {0};
	bool standard = strcmp(import.file, "-") == 0;
	FILE *in = standard ? stdin : fopen(import.file, "re");
	enum status status = STATUS_OK;

	memcpy(import.columns, columns_unnamed, sizeof(columns_unnamed));
	if (in == NULL)
		status = error_set(&err, STATUS_NOT_FOUND, "%s: %s", import.file,
				   strerrordesc_np(errno));
	if (status == STATUS_OK)
		status = csv_file_read(&import, in, &err);
	if (status == STATUS_OK)
		status = twins_check(&import, &err);
	if (status == STATUS_OK)
		status = rows_write(&import, &rows, &err);
	for (size_t i = 0; i < import.count; i++)
		jid_map_clear(&import.rows[i]);
	free(import.rows);
	free(import.lines);
	if (in != NULL && !standard)
		fclose(in);
	return status == STATUS_OK ? tell(ctl, &import, &rows) : ctl_fail(ctl, &err);
}
