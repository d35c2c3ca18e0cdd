/*
 * The growable buffer. An append either adds all its bytes, or adds nothing and sets `failed`, so a
 * text is never cut silently. A secret buffer is wiped with explicit_bzero, so that this file does
 * not need base/secret.c.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

#define STRBUF_FIRST_SIZE 64 /* bytes; most texts are names and addresses */

/* The data of an empty buffer, so that data is never NULL. If size is 0, data must not be freed. */
static const char nothing[1] = "";

static void point_to_nothing(struct strbuf *buf)
{
	buf->data = (char *)nothing;
	buf->len = 0;
	buf->size = 0;
	buf->failed = buf->full = false;
}

void strbuf_init(struct strbuf *buf)
{
	*buf = (struct strbuf){.secret = false};
	point_to_nothing(buf);
}

void strbuf_init_secret(struct strbuf *buf)
{
	strbuf_init(buf);
	buf->secret = true;
}

/*
 * Frees the memory. A secret buffer is wiped whole, because after a reset old bytes remain beyond
 * its length.
 */
static void release(const struct strbuf *buf)
{
	if (buf->size == 0)
		return;
	if (buf->secret)
		explicit_bzero(buf->data, buf->size);
	free(buf->data);
}

void strbuf_clear(struct strbuf *buf)
{
	release(buf);
	point_to_nothing(buf);
}

void strbuf_reset(struct strbuf *buf)
{
	buf->len = 0;
	buf->failed = buf->full = false;
	if (buf->size > 0)
		buf->data[0] = '\0';
}

bool strbuf_ok(const struct strbuf *buf)
{
	return !buf->failed;
}

bool strbuf_is_full(const struct strbuf *buf)
{
	return buf->full;
}

/* Does not use realloc, which would leave an old copy of a secret in the heap. */
static bool grow(struct strbuf *buf, size_t size)
{
	char *data = malloc(size);

	if (data == NULL)
		return false;
	memcpy(data, buf->data, buf->len + 1);
	release(buf);
	buf->data = data;
	buf->size = size;
	return true;
}

static bool fits(const struct strbuf *buf, size_t extra)
{
	return extra < buf->size - buf->len && !buf->failed &&
	       (buf->max == 0 || buf->len + extra <= buf->max);
}

static bool is_beyond_max(const struct strbuf *buf, size_t extra)
{
	return buf->max != 0 && buf->len + extra > buf->max;
}

static bool may_hold(const struct strbuf *buf, size_t extra)
{
	return !buf->failed && extra <= SIZE_MAX / 2 - buf->len - 1 && !is_beyond_max(buf, extra);
}

static bool grow_for(struct strbuf *buf, size_t extra)
{
	size_t size = buf->size > 0 ? buf->size : STRBUF_FIRST_SIZE;

	if (may_hold(buf, extra)) {
		while (size <= buf->len + extra)
			size *= 2;
		if (grow(buf, size))
			return true;
	}
	buf->full |= !buf->failed && is_beyond_max(buf, extra);
	buf->failed = true;
	return false;
}

/* Makes room for `extra` more bytes and the NUL. */
static inline bool reserve(struct strbuf *buf, size_t extra)
{
	return fits(buf, extra) || grow_for(buf, extra);
}

void strbuf_reserve(struct strbuf *buf, size_t extra)
{
	if (fits(buf, extra) || !may_hold(buf, extra))
		return;
	if (!grow(buf, buf->len + extra + 1))
		buf->failed = true;
}

void strbuf_add(struct strbuf *buf, const void *data, size_t len)
{
	if (len == 0 || !reserve(buf, len))
		return;
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void strbuf_adds(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void strbuf_addc(struct strbuf *buf, char c)
{
	if (!reserve(buf, 1))
		return;
	buf->data[buf->len++] = c;
	buf->data[buf->len] = '\0';
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
	size_t room = buf->size - buf->len;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(room > 0 ? buf->data + buf->len : NULL, room, format, args);
	va_end(args);
	if (len > 0 && fits(buf, (size_t)len)) {
		buf->len += (size_t)len;
		return;
	}
	if (room > 0) /* discard the part that fitted */
		buf->data[buf->len] = '\0';
	if (len < 0)
		buf->failed = true;
	if (len <= 0 || !reserve(buf, (size_t)len))
		return;
	va_start(args, format);
	vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
	va_end(args);
	buf->len += (size_t)len;
}

char *strbuf_take(struct strbuf *buf)
{
	char *text;

	if (!reserve(buf, 0)) { /* an empty text also needs memory, because the caller frees it */
		strbuf_clear(buf);
		return NULL;
	}
	text = buf->data;
	text[buf->len] = '\0';
	point_to_nothing(buf);
	return text;
}
