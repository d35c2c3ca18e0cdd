/*
 * Makes the text of one log line. A line is always well-formed, in JSON and in text, even if a
 * value is cut. Every request writes one or two lines, so for speed each byte is checked and copied
 * in one pass.
 */
#include "base/log_line.h"

#include <string.h>
#include <time.h>

#include "base/codec.h"

#define LOG_TAIL      6    /* bytes reserved for the end of a cut value: ..."}\n */
#define LOG_VALUE_MAX 1024 /* bytes after escaping, to leave room for other values */

/* Copies a string literal. Returns the position after it. */
#define PUT(at, literal) ((char *)memcpy(at, literal, sizeof(literal) - 1) + sizeof(literal) - 1)

void log_line_begin(struct log_line *line, enum log_format format, int priority)
{
	line->format = format;
	line->is_empty = true;
	line->len = 0;
	if (priority >= 0) {
		memcpy(line->data, (char[]){'<', (char)('0' + priority), '>'}, 3);
		line->len = 3;
	}
}

/* ---- pairs ---- */

/*
 * Adds the rest of a value, from the first character that needs an escape or does not fit. Few
 * values have such a character.
 */
static __attribute__((cold)) char *put_rest(char *at, const char *end, const char *value)
{
	char escaped[CODEC_JSON_CHAR_MAX];
	size_t n;

	while ((n = codec_json_char(escaped, &value)) > 0) {
		if (n > (size_t)(end - at))
			return PUT(at, "...");
		at = (char *)memcpy(at, escaped, n) + n;
	}
	return at;
}

/* Adds as much of the value as fits before end, without cutting an escape. */
static inline char *put_value(char *at, const char *end, const char *value)
{
	if (end - at > LOG_VALUE_MAX)
		end = at + LOG_VALUE_MAX;
	while (at < end && codec_json_is_plain[(unsigned char)*value])
		*at++ = *value++;
	return *value == '\0' ? at : put_rest(at, end, value);
}

/*
 * Adds a key. Keys are constants and need no escapes. Returns NULL if the key does not fit before
 * end.
 */
static char *put_key(char *at, const char *end, const char *key)
{
	for (; *key != '\0'; key++) {
		if (at >= end)
			return NULL;
		*at++ = *key;
	}
	return at <= end ? at : NULL;
}

/*
 * True if the text format needs no quotes for the value, because it has only letters, digits and
 * some signs.
 */
static bool is_bare(const char *value)
{
	static const bool bare[256] = {
	    ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['+' ... ':'] = true, /* + , - . / 0-9 : */
	    ['%'] = true,         ['@'] = true,         ['_'] = true,         ['~'] = true,
	};
	size_t n = 0;

	while (bare[(unsigned char)value[n]])
		n++;
	return n > 0 && value[n] == '\0';
}

/*
 * Adds a pair in the text format. If the key is "", as for level and event, only the value is
 * written.
 */
static void add_word(struct log_line *line, const char *key, const char *value)
{
	char *at = line->data + line->len;
	const char *end = line->data + LOG_LINE_MAX - LOG_TAIL - strlen("=\"\"");
	bool bare = is_bare(value);

	if (!line->is_empty)
		*at++ = ' ';
	at = put_key(at, end, key);
	if (at == NULL)
		return;
	line->is_empty = false;
	if (key[0] != '\0')
		*at++ = '=';
	if (!bare)
		*at++ = '"';
	at = put_value(at, end + 2, value);
	if (!bare)
		*at++ = '"';
	line->len = (size_t)(at - line->data);
}

static void add_member(struct log_line *line, const char *key, const char *value)
{
	char *at = line->data + line->len;
	const char *end = line->data + LOG_LINE_MAX - LOG_TAIL;

	*at++ = line->is_empty ? '{' : ',';
	*at++ = '"';
	at = put_key(at, end - strlen("\":\""), key);
	if (at == NULL)
		return;
	line->is_empty = false;
	at = PUT(at, "\":\"");
	at = put_value(at, end, value);
	*at++ = '"';
	line->len = (size_t)(at - line->data);
}

void log_line_add(struct log_line *line, const char *key, const char *value)
{
	if (line->format == LOG_FORMAT_TEXT)
		add_word(line, key, value);
	else
		add_member(line, key, value);
}

void log_line_add_head(struct log_line *line, const char *key, const char *value)
{
	log_line_add(line, line->format == LOG_FORMAT_TEXT ? "" : key, value);
}

void log_line_end(struct log_line *line)
{
	if (line->format == LOG_FORMAT_JSON)
		line->data[line->len++] = '}';
	line->data[line->len++] = '\n';
}

/* ---- the time ---- */

/* Writes the last `count` decimal digits of number. Returns the position after them. */
static char *put_digits(char *at, long number, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		at[i] = (char)('0' + number % 10);
		number /= 10;
	}
	return at + count;
}

/*
 * The formatted time of the last second is stored, because most lines of a thread have the same
 * second as the line before.
 */
#define TIME_SECOND_LEN 20 /* "2026-11-29T17:28:56." */
static _Thread_local struct {
	time_t second;
	char text[TIME_SECOND_LEN];
} last_time = {.second = -1};

static void last_time_set(time_t second)
{
	char *at = last_time.text;
	struct tm tm;

	gmtime_r(&second, &tm);
	at = put_digits(at, tm.tm_year + 1900L, 4);
	*at++ = '-';
	at = put_digits(at, tm.tm_mon + 1, 2);
	*at++ = '-';
	at = put_digits(at, tm.tm_mday, 2);
	*at++ = 'T';
	at = put_digits(at, tm.tm_hour, 2);
	*at++ = ':';
	at = put_digits(at, tm.tm_min, 2);
	*at++ = ':';
	at = put_digits(at, tm.tm_sec, 2);
	*at = '.';
	last_time.second = second;
}

void log_line_add_time(struct log_line *line)
{
	char *at = line->data + line->len;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != last_time.second)
		last_time_set(now.tv_sec);
	if (line->format == LOG_FORMAT_JSON)
		at = PUT(at, "{\"time\":\"");
	memcpy(at, last_time.text, TIME_SECOND_LEN);
	at = put_digits(at + TIME_SECOND_LEN, now.tv_nsec / 1000000, 3);
	*at++ = 'Z';
	if (line->format == LOG_FORMAT_JSON)
		*at++ = '"';
	line->is_empty = false;
	line->len = (size_t)(at - line->data);
}
