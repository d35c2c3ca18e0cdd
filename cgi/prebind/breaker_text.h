/*
 * A breaker as a line of text, so that processes of plain CGI, which serve one request each, share
 * it.
 */
#ifndef PREBIND_BREAKER_TEXT_H
#define PREBIND_BREAKER_TEXT_H

#include "base/strbuf.h"
#include "prebind/breaker.h"

/* Writes nothing for a closed breaker without calls. */
void breaker_write(const struct breaker *breaker, struct strbuf *out);

/*
 * Reads a breaker. A malformed text, or one with impossible times (the clock went back), gives a
 * closed breaker. now_ms is of the clock with which it was written.
 */
void breaker_read(const char *text, int64_t now_ms, struct breaker *out);

#endif
