/*
 * Checks a row of MariaDB's binary protocol before libmariadb reads it. Some versions of libmariadb
 * trust the lengths and types from the server. A false length or type makes these versions read and
 * write outside their buffers. The format is at https://mariadb.com/kb/en/resultset-row/
 */
#include "sitedb/mariadb.h"

#ifdef LIBMARIADB

#define ZEROFILL_MAX 20 /* digits; libmariadb writes them to a buffer of 22 bytes */
#define MICROSECONDS 1000000U

struct rest {
	const unsigned char *at;
	size_t len;
};

static bool skip(struct rest *rest, size_t n)
{
	if (n > rest->len)
		return false;
	rest->at += n;
	rest->len -= n;
	return true;
}

static uint64_t number_at(const unsigned char *at, size_t bytes)
{
	uint64_t number = 0;

	while (bytes-- > 0)
		number = number << 8 | at[bytes];
	return number;
}

/* Reads a length: the first byte itself, or the 2, 3 or 8 bytes that follow it. */
static bool read_length(struct rest *rest, uint64_t *out)
{
	static const unsigned char bytes[] = {
	    [0xfc - 0xfc] = 2, [0xfd - 0xfc] = 3, [0xfe - 0xfc] = 8};
	struct rest start = *rest;

	if (!skip(rest, 1))
		return false;
	*out = start.at[0];
	if (start.at[0] < 0xfb)
		return true;
	if (start.at[0] == 0xfb || start.at[0] == 0xff || !skip(rest, bytes[start.at[0] - 0xfc]))
		return false;
	*out = number_at(start.at + 1, bytes[start.at[0] - 0xfc]);
	return true;
}

static bool skip_text(struct rest *rest)
{
	uint64_t len;

	return read_length(rest, &len) && len <= rest->len && skip(rest, (size_t)len);
}

/*
 * Skips a date or a time. `lengths` has the n possible lengths, because the server leaves out zeros
 * at the end. Only the longest form has microseconds.
 */
static bool skip_time(struct rest *rest, const unsigned char *lengths, size_t n)
{
	struct rest value;
	uint64_t len;

	if (!read_length(rest, &len))
		return false;
	value = *rest;
	for (size_t i = 0; i < n; i++) {
		if (len != lengths[i])
			continue;
		return skip(rest, (size_t)len) &&
		       (i + 1 < n || number_at(value.at + len - 4, 4) < MICROSECONDS);
	}
	return false;
}

static bool skip_number(struct rest *rest, const MYSQL_FIELD *field, size_t bytes)
{
	return ((field->flags & ZEROFILL_FLAG) == 0 || field->length <= ZEROFILL_MAX) &&
	       skip(rest, bytes);
}

static bool skip_value(struct rest *rest, const MYSQL_FIELD *field)
{
	static const unsigned char of_date[] = {0, 4, 7, 11}, of_time[] = {0, 8, 12};

	switch (field->type) {
	case MYSQL_TYPE_NULL:
		return true;
	case MYSQL_TYPE_TINY:
		return skip_number(rest, field, 1);
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_YEAR:
		return skip_number(rest, field, 2);
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_FLOAT:
		return skip_number(rest, field, 4);
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_DOUBLE:
		return skip_number(rest, field, 8);
	case MYSQL_TYPE_DATE:
	case MYSQL_TYPE_DATETIME:
	case MYSQL_TYPE_TIMESTAMP:
		return skip_time(rest, of_date, sizeof(of_date));
	case MYSQL_TYPE_TIME:
		return skip_time(rest, of_time, sizeof(of_time));
	case MYSQL_TYPE_DECIMAL:
	case MYSQL_TYPE_NEWDECIMAL:
	case MYSQL_TYPE_VARCHAR:
	case MYSQL_TYPE_VAR_STRING:
	case MYSQL_TYPE_STRING:
	case MYSQL_TYPE_ENUM:
	case MYSQL_TYPE_SET:
	case MYSQL_TYPE_JSON:
	case MYSQL_TYPE_BIT:
	case MYSQL_TYPE_GEOMETRY:
	case MYSQL_TYPE_TINY_BLOB:
	case MYSQL_TYPE_BLOB:
	case MYSQL_TYPE_MEDIUM_BLOB:
	case MYSQL_TYPE_LONG_BLOB:
		return skip_text(rest);
	default:
		return false;
	}
}

bool mariadb_row_is_whole(const MYSQL_FIELD *fields, size_t count, const unsigned char *row,
			  size_t len)
{
	struct rest rest = {row, len};
	const unsigned char *nulls = row + 1;

	if (!skip(&rest, 1 + (count + 9) / 8) || row[0] != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		bool is_null = (nulls[(i + 2) / 8] >> (i + 2) % 8 & 1) != 0;
		if (!is_null && !skip_value(&rest, &fields[i]))
			return false;
	}
	return rest.len == 0;
}

#endif
