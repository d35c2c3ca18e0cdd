/*
 * The values that are numbers: whole numbers, times and limits. A function that reads a value
 * checks the text against the minimum and maximum of the key, and stores the value. The function
 * returns NULL if the text is valid, otherwise the reason as the end of a sentence that begins with
 * the text. Internal to conf/.
 */
#ifndef CONF_AMOUNT_H
#define CONF_AMOUNT_H

#include "base/strbuf.h"
#include "conf/keys.h"

const char *amount_integer_read(const struct conf_key *key, const char *text, void *field);
const char *amount_seconds_read(const struct conf_key *key, const char *text, void *field);
const char *amount_time_read(const struct conf_key *key, const char *text, void *field);
const char *amount_limit_read(const struct conf_key *key, const char *text, void *field);

/*
 * Append the value as text. The read function of the same type turns the text into the same value.
 */
void amount_write(const void *field, struct strbuf *out); /* for integers and seconds */
void amount_time_write(const void *field, struct strbuf *out);
void amount_limit_write(const void *field, struct strbuf *out);

#endif
