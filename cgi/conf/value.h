/*
 * Converts values between the text in the file and a member of struct server_conf or struct
 * site_conf. `section` points to that struct. Internal to conf/.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/keys.h"

/*
 * Checks the text and stores the value in the key's member. The old value must be the default, and
 * is not freed. If it returns STATUS_BAD_REQUEST, err says what is wrong and what is allowed, but
 * does not name the file and line.
 */
enum status value_set(const struct conf_key *key, const char *text, void *section,
		      struct error *err);

/* Sets the default. The default of a required key is an empty value. */
enum status value_set_default(const struct conf_key *key, void *section, struct error *err);

/*
 * Frees what the member owns. A value that is shared with `defaults` is not freed. `defaults` is
 * NULL if nothing is shared.
 */
void value_clear(const struct conf_key *key, void *section, const void *defaults);

/* Appends the value as text. value_set turns the text into the same value. */
void value_text(const struct conf_key *key, const void *section, struct strbuf *out);

/* Returns a pointer to the key's member in section. */
const void *value_field(const struct conf_key *key, const void *section);

/*
 * Strings for messages: value_type is the name of the type, value_allowed says what is allowed,
 * such as "a whole number from 1 to 64".
 */
const char *value_type(const struct conf_key *key);
void value_allowed(const struct conf_key *key, struct strbuf *out);

#endif
