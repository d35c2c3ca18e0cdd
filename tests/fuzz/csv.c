/*
 * Comma-separated values. Oracle: each record that is read, written again with quotes and read
 * again, has the same fields.
 */
#include "fuzz.h"

#include "ctl/csv.h"

static void write_record(FILE *out, const struct csv *csv)
{
	for (size_t i = 0; i < csv->count; i++) {
		fputs(i > 0 ? ",\"" : "\"", out);
		for (const char *c = csv->fields[i]; *c != '\0'; c++)
			fprintf(out, *c == '"' ? "\"\"" : "%c", *c);
		fputc('"', out);
	}
	fputs("\r\n", out);
}

static void check_again(const struct csv *csv)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct csv again;

	ORACLE(out != NULL);
	write_record(out, csv);
	fclose(out);
	FILE *in = fmemopen(text, len, "r");
	ORACLE(in != NULL);
	csv_init(&again, in);
	if (len <= CSV_RECORD_MAX) { /* the quotes may make it too long */
		ORACLE(csv_next(&again, NULL) == STATUS_OK && again.count == csv->count);
		for (size_t i = 0; i < csv->count; i++)
			ORACLE(strcmp(again.fields[i], csv->fields[i]) == 0);
	}
	csv_clear(&again);
	fclose(in);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv csv;
	struct error err = {0};
	enum status status;

	if (size == 0)
		return 0;
	FILE *in = fmemopen((void *)(uintptr_t)data, size, "r");
	ORACLE(in != NULL);
	csv_init(&csv, in);
	while ((status = csv_next(&csv, &err)) == STATUS_OK) {
		ORACLE(csv.count > 0 && csv.count <= CSV_FIELDS_MAX && csv.line <= csv.at + 1);
		check_again(&csv);
	}
	ORACLE(status == STATUS_NOT_FOUND || (status == STATUS_BAD_REQUEST && err.text[0] != '\0'));
	csv_clear(&csv);
	fclose(in);
	return 0;
}
