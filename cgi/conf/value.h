/*
 * Converts values between the text in the file and a field of struct server_conf or struct
 * site_conf. `section` points to the struct that holds the key's field. Internal to conf/.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/keys.h"

/*
 * Checks the text and stores it in the key's field. The old value, which is the default, is not
 * freed. If it returns STATUS_BAD_REQUEST, the sentence says what is wrong and what is allowed, but
 * not where.
 */
enum status value_set(const struct conf_key *key, const char *text, void *section,
		      struct error *err);

/* Sets the default. The default of a required key is empty. */
enum status value_set_default(const struct conf_key *key, void *section, struct error *err);

/*
 * Frees what the field owns. A value that it shares with defaults is not freed. If defaults is
 * NULL, the field shares nothing.
 */
void value_clear(const struct conf_key *key, void *section, const void *defaults);

/* Appends the value as text. value_set makes the same value from this text. */
void value_text(const struct conf_key *key, const void *section, struct strbuf *out);

/* Returns a pointer to the key's field in section. */
const void *value_field(const struct conf_key *key, const void *section);

/* Texts for messages: the type's name, and what is allowed ("a whole number from 1 to 64"). */
const char *value_type(const struct conf_key *key);
void value_allowed(const struct conf_key *key, struct strbuf *out);

#endif
