/*
 * A breaker as a line of text, for processes that live one request and know it from each other.
 */
#ifndef PREBIND_BREAKER_TEXT_H
#define PREBIND_BREAKER_TEXT_H

#include "base/strbuf.h"
#include "prebind/breaker.h"

/* Nothing for one that is closed and has seen nothing. */
void breaker_write(const struct breaker *breaker, struct strbuf *out);

/*
 * What cannot be read, or is of a time that cannot be (a clock that went back), is a breaker that
 * is closed. now_ms: of the clock by which it was written.
 */
void breaker_read(const char *text, int64_t now_ms, struct breaker *out);

#endif
