/*
 * A breaker as one line of text. The processes of plain CGI share the breaker in this form, because
 * each process serves only one request.
 */
#ifndef PREBIND_BREAKER_TEXT_H
#define PREBIND_BREAKER_TEXT_H

#include "base/strbuf.h"
#include "prebind/breaker.h"

/* Writes the breaker. A closed breaker without calls is written as "". */
void breaker_write(const struct breaker *breaker, struct strbuf *out);

/*
 * Reads a breaker. If the text is malformed, or has impossible times because the clock went back,
 * the result is a closed breaker. now_ms must come from the same clock as the times in the text.
 */
void breaker_read(const char *text, int64_t now_ms, struct breaker *out);

#endif
