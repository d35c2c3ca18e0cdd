/*
 * Reads the CSV file one character at a time. A quote is special only at the start of a field.
 * After the closing quote, only a comma or the end of the line is allowed.
 */
#include "ctl/csv.h"

#include <string.h>

#include "base/codec.h"

static const char mark[] = "\xef\xbb\xbf"; /* the UTF-8 byte order mark that spreadsheets write */

void csv_init(struct csv *csv, FILE *in)
{
	*csv = (struct csv){.in = in};
	strbuf_init_secret(&csv->text);
	csv->ahead_count = fread(csv->ahead, 1, sizeof(csv->ahead), in);
	if (csv->ahead_count == 3 && memcmp(csv->ahead, mark, 3) == 0)
		csv->ahead_count = 0;
}

void csv_clear(struct csv *csv)
{
	strbuf_clear(&csv->text);
}

static int raw_char(struct csv *csv)
{
	if (csv->ahead_count == 0)
		return getc(csv->in);
	int c = csv->ahead[0];
	memmove(csv->ahead, csv->ahead + 1, --csv->ahead_count);
	return c;
}

static void give_back(struct csv *csv, int c)
{
	if (csv->ahead_count == 0) {
		ungetc(c, csv->in);
		return;
	}
	memmove(csv->ahead + 1, csv->ahead, csv->ahead_count++);
	csv->ahead[0] = (unsigned char)c;
}

static int next_char(struct csv *csv)
{
	int c = raw_char(csv);

	if (c == '\r') { /* a CR, with or without a line feed after it */
		c = raw_char(csv);
		if (c != '\n' && c != EOF)
			give_back(csv, c);
		c = '\n';
	}
	csv->at += c == '\n';
	csv->nul |= c == '\0';
	return c;
}

/* Reads the rest of a quoted field. *end is the character after the closing quote. */
static enum status read_quoted(struct csv *csv, int *end, struct error *err)
{
	for (;;) {
		int c = next_char(csv);

		if (c == EOF)
			return error_set(err, STATUS_BAD_REQUEST,
					 "a field has an opening quote, but no closing quote");
		if (c == '"') {
			c = next_char(csv);
			if (c != '"') {
				*end = c;
				break;
			}
		}
		strbuf_addc(&csv->text, (char)c);
		if (!strbuf_ok(&csv->text))
			break;
	}
	if (strbuf_ok(&csv->text) && *end != ',' && *end != '\n' && *end != EOF)
		return error_set(err, STATUS_BAD_REQUEST,
				 "a closing quote must be followed by a comma or the end of the "
				 "line (write a quote inside a field twice)");
	return STATUS_OK;
}

static enum status read_plain(struct csv *csv, int c, int *end, struct error *err)
{
	while (c != ',' && c != '\n' && c != EOF && strbuf_ok(&csv->text)) {
		if (c == '"')
			return error_set(err, STATUS_BAD_REQUEST,
					 "a field has a quote, but does not begin with a quote");
		strbuf_addc(&csv->text, (char)c);
		c = next_char(csv);
	}
	*end = c;
	return STATUS_OK;
}

static enum status read_field(struct csv *csv, int first, int *end, struct error *err)
{
	if (csv->count == CSV_FIELDS_MAX)
		return error_set(err, STATUS_BAD_REQUEST, "the line has more than %d fields",
				 CSV_FIELDS_MAX);
	csv->starts[csv->count++] = csv->text.len;
	enum status status =
	    first == '"' ? read_quoted(csv, end, err) : read_plain(csv, first, end, err);
	strbuf_addc(&csv->text, '\0');
	return status;
}

static enum status finish(struct csv *csv, struct error *err)
{
	if (strbuf_is_full(&csv->text))
		return error_set(err, STATUS_BAD_REQUEST, "the line is longer than %d bytes",
				 CSV_RECORD_MAX);
	if (!strbuf_ok(&csv->text))
		return error_no_memory(err);
	if (csv->nul)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the line has a NUL byte; the file must "
				 "be text");
	for (size_t i = 0; i < csv->count; i++) {
		csv->fields[i] = csv->text.data + csv->starts[i];
		if (!utf8_valid(csv->fields[i], strlen(csv->fields[i])))
			return error_set(err, STATUS_BAD_REQUEST,
					 "the line is not UTF-8; save the file in UTF-8");
	}
	return STATUS_OK;
}

enum status csv_next(struct csv *csv, struct error *err)
{
	enum status status = STATUS_OK;
	int c;

	strbuf_reset(&csv->text);
	csv->text.max = CSV_RECORD_MAX;
	csv->count = 0;
	do {
		csv->line = csv->at + 1;
		c = next_char(csv);
	} while (c == '\n');
	if (c == EOF)
		return ferror(csv->in) ? error_set(err, STATUS_UNAVAILABLE, "cannot be read: %m")
				       : STATUS_NOT_FOUND;
	for (;;) {
		int end = EOF;

		status = read_field(csv, c, &end, err);
		if (status != STATUS_OK || end != ',' || !strbuf_ok(&csv->text))
			break;
		c = next_char(csv);
	}
	return status == STATUS_OK ? finish(csv, err) : status;
}
