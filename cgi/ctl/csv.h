/*
 * Reads comma-separated values (RFC 4180), one record at a time. Quoted fields can contain line
 * breaks and doubled quotes. Lines can end with CR, LF or both. A byte order mark is skipped.
 */
#ifndef CTL_CSV_H
#define CTL_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/strbuf.h"

#define CSV_FIELDS_MAX 16
#define CSV_RECORD_MAX 16384 /* in bytes; far longer than a name, a JID and a password */

struct csv {
	FILE *in;               /* borrowed */
	unsigned char ahead[3]; /* read to find a byte order mark, but not parsed yet */
	size_t ahead_count;
	bool nul;  /* true if a NUL was read */
	long line; /* number of the last record's first line, from 1 */
	long at;   /* number of the current line */
	struct strbuf text;
	size_t starts[CSV_FIELDS_MAX];
	const char *fields[CSV_FIELDS_MAX]; /* the last record; valid until the next call */
	size_t count;
};

void csv_init(struct csv *csv, FILE *in);
void csv_clear(struct csv *csv); /* also wipes the fields */

/*
 * Reads the next record, and skips empty lines. Returns STATUS_NOT_FOUND at the end of the file,
 * and STATUS_INTERNAL if out of memory. If it returns STATUS_BAD_REQUEST, err says what is wrong,
 * but does not name the file and line.
 */
enum status csv_next(struct csv *csv, struct error *err);

#endif
