/*
 * Values: from the text in the file to a field of struct server_conf or struct site_conf, and back.
 * `section` is always the struct that the key's row belongs to. Internal to conf/.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/keys.h"

/*
 * Checks the text and puts it into the key's field, in place of what was there. STATUS_BAD_REQUEST:
 * it may not be; the sentence says what is wrong and what is allowed, but not where.
 */
enum status value_set(const struct conf_key *key, const char *text, void *section,
		      struct error *err);

/* The key's default; also an empty one where the file would have to give a value. */
enum status value_set_default(const struct conf_key *key, void *section, struct error *err);

void value_clear(const struct conf_key *key, void *section);

/* The text that value_set would make the same field of. */
void value_text(const struct conf_key *key, const void *section, struct strbuf *out);

/* The key's field. */
const void *value_field(const struct conf_key *key, const void *section);

/* For people: the type's name, and what is allowed ("a whole number from 1 to 64"). */
const char *value_type(const struct conf_key *key);
void value_allowed(const struct conf_key *key, struct strbuf *out);

#endif
