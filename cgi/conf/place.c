/*
 * Writes sentences of the form "FILE:LINE: KEY: …". The sentences report faults that were found
 * while a file was loaded, and values that failed when they were used.
 */
#include <stdarg.h>
#include <stdio.h>

#include "conf/load.h"

/* Returns the line that sets the key. Returns `otherwise` if the key has its default. */
static long line_of(const struct conf_lines *lines, enum conf_section section, const char *name,
		    long otherwise)
{
	const struct conf_key *key = conf_key_find(section, name);

	for (size_t i = 0; key != NULL && i < lines->count; i++)
		if (&conf_keys[lines->items[i].key] == key)
			return lines->items[i].line;
	return otherwise;
}

struct conf_place conf_site_place(const struct site_conf *site, const char *key)
{
	if (site == NULL)
		return (struct conf_place){.key = key};
	return (struct conf_place){
	    .file = site->file,
	    .line = line_of(&site->lines, SECTION_SITE, key, site->line),
	    .key = key,
	};
}

struct conf_place conf_server_place(const struct server_conf *server, const char *key)
{
	return (struct conf_place){
	    .file = server->file,
	    .line = line_of(&server->lines, SECTION_SERVER, key, 0),
	    .key = key,
	};
}

enum status conf_fault(struct error *err, enum status status, struct conf_place place,
		       const char *format, ...)
{
	char why[ERROR_TEXT_MAX], line[24] = "";
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (place.line > 0)
		snprintf(line, sizeof(line), ":%ld", place.line);
	return error_set(err, status, "%s%s%s%s: %s", place.file != NULL ? place.file : "",
			 place.file != NULL ? line : "", place.file != NULL ? ": " : "", place.key,
			 why);
}

enum status conf_blame(enum status status, struct error *err, struct conf_place place)
{
	if (status == STATUS_OK || status == STATUS_INTERNAL || err == NULL)
		return status;
	long retry_after = err->retry_after;

	conf_fault(err, status, place, "%s", err->text);
	return error_retry_after(err, status, retry_after);
}

void load_fault(struct load *load, long line, const char *key, const char *format, ...)
{
	if (load->status != STATUS_OK)
		return;
	char why[ERROR_TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);

	char number[24] = "";
	if (line > 0)
		snprintf(number, sizeof(number), ":%ld", line);
	load->status = error_set(load->err, STATUS_BAD_REQUEST, "%s%s: %s%s%s", load->file, number,
				 key == NULL ? "" : key, key == NULL ? "" : ": ", why);
}

void load_no_memory(struct load *load)
{
	if (load->status == STATUS_OK)
		load->status = error_no_memory(load->err);
}
