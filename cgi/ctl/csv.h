/*
 * Comma-separated values (RFC 4180), read a record at a time: quoted fields, with line breaks and
 * doubled quotes in them; lines may end as on any system; a byte order mark is skipped.
 */
#ifndef CTL_CSV_H
#define CTL_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/strbuf.h"

#define CSV_FIELDS_MAX 16
#define CSV_RECORD_MAX 16384 /* bytes: a name, a JID and a password are far below */

struct csv {
	FILE *in;               /* borrowed */
	unsigned char ahead[3]; /* read from it to look for the mark, and not used yet */
	size_t ahead_count;
	bool nul;  /* a NUL was read */
	long line; /* where the last record began; counted from 1 */
	long at;   /* of the line that is being read */
	struct strbuf text;
	size_t starts[CSV_FIELDS_MAX];
	const char
	    *fields[CSV_FIELDS_MAX]; /* of the last record; valid until the next; NUL-terminated */
	size_t count;
};

void csv_init(struct csv *csv, FILE *in);
void csv_clear(struct csv *csv); /* wipes */

/*
 * The next record, empty lines left out. STATUS_NOT_FOUND: there is none. STATUS_BAD_REQUEST: the
 * sentence, without file and line, says what is wrong.
 */
enum status csv_next(struct csv *csv, struct error *err);

#endif
