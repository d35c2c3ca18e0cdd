/*
 * A growable byte buffer with one sticky failure. Append without checks, then call strbuf_ok()
 * once. The data is always NUL-terminated (after len bytes), even if the buffer is empty or has
 * failed.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

/* The value of a macro, as a string literal. */
#define TEXT_OF(macro)  TEXT_OF_(macro)
#define TEXT_OF_(value) #value

struct strbuf {
	char *data;  /* owned; never NULL after strbuf_init */
	size_t len;  /* bytes used, without the NUL */
	size_t size; /* bytes allocated */
	size_t max;  /* len never exceeds this; 0 for no limit */
	bool failed; /* out of memory, or beyond max; later appends do nothing */
	bool full;   /* failed because an append went beyond max */
	bool secret; /* wipe the memory before it is freed */
};

void strbuf_init(struct strbuf *buf);
void strbuf_init_secret(struct strbuf *buf);
void strbuf_clear(struct strbuf *buf); /* frees the data, wiped if secret; buf can be used again */
void strbuf_add(struct strbuf *buf, const void *data, size_t len);
void strbuf_adds(struct strbuf *buf, const char *text);
void strbuf_addc(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Makes room for `extra` more bytes with one allocation. Appends nothing. Optional, because appends
 * grow the buffer by themselves.
 */
void strbuf_reserve(struct strbuf *buf, size_t extra);
void strbuf_reset(struct strbuf *buf); /* empties it, keeps the memory, clears the failure */
bool strbuf_ok(const struct strbuf *buf);
bool strbuf_is_full(const struct strbuf *buf); /* true if buf failed because of max */

/* Returns the text, which the caller frees, and empties the buffer. NULL if the buffer failed. */
char *strbuf_take(struct strbuf *buf);

#endif
