/*
 * A growable byte buffer with one sticky failure: append freely, ask strbuf_ok() once at the end.
 * The data is always NUL-terminated (after len bytes), also when empty or failed.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *data;  /* owned; never NULL after strbuf_init */
	size_t len;  /* bytes used, without the NUL */
	size_t size; /* bytes allocated */
	size_t max;  /* len may not pass this; 0: no limit */
	bool failed; /* out of memory, or max was passed: nothing is appended any more */
	bool secret; /* wiped before memory is given back */
};

void strbuf_init(struct strbuf *buf);
void strbuf_init_secret(struct strbuf *buf);
void strbuf_clear(struct strbuf *buf); /* frees (wipes if secret); the buffer may be used again */
void strbuf_add(struct strbuf *buf, const void *data, size_t len);
void strbuf_adds(struct strbuf *buf, const char *text);
void strbuf_addc(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Room for so many bytes more, got at once where it is known that they come; appends nothing, and
 * need not be asked for.
 */
void strbuf_reserve(struct strbuf *buf, size_t extra);
void strbuf_reset(struct strbuf *buf); /* len = 0, keeps the memory, forgets the failure */
bool strbuf_ok(const struct strbuf *buf);

/* Takes the text out: the caller frees it; the buffer is empty again. NULL if the buffer failed. */
char *strbuf_take(struct strbuf *buf);

#endif
