/*
 * Handles people's names as Unicode: composed forms, upper and lower case, and invisible
 * characters. No other file uses libunistring. xmpp/jid_name.h decides which names can be part of a
 * JID.
 */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Appends the character in UTF-8. */
void name_add_character(struct strbuf *out, uint32_t c);

/* Returns the capital of a small letter if the two are a pair, otherwise the letter itself. */
uint32_t name_upper_of(uint32_t c);

/*
 * Composes the name (NFC), so that e with a combining accent and the letter é become the same text.
 * This function and the functions below return STATUS_BAD_REQUEST for a name that is not UTF-8. The
 * caller frees *out.
 */
enum status name_compose(const char *name, char **out, struct error *err);

/*
 * Converts capitals to lower case, in any script. A capital stays unchanged if its small letter
 * also belongs to another capital. For example, the Kelvin sign does not become k.
 */
enum status name_lower(const char *name, char **out, struct error *err);

/*
 * Composes a name, then converts it to lower case. Names that differ only in these two ways become
 * equal.
 */
enum status name_fold(const char *name, char **out, struct error *err);

/*
 * True if the two names are equal after name_fold. Also returns false if a name is not UTF-8, or if
 * out of memory.
 */
bool name_same_folded(const char *a, const char *b);

/*
 * Returns STATUS_BAD_REQUEST if the name contains a character that a reader cannot see, or cannot
 * tell from a plain space. The refused characters are control, format, tag and private-use
 * characters, separators, fillers, spaces other than U+0020, and unassigned code points. err->text
 * names the first of them. A zero-width joiner or non-joiner is allowed where it changes what is
 * drawn.
 */
enum status name_characters_check(const char *name, struct error *err);

/*
 * Composes the name of a new user and checks the result. The composed name must have 1 to max
 * bytes, only visible characters, and only single spaces between words. The caller frees *out. If
 * the status is STATUS_BAD_REQUEST, err->text gives the reason. For a wrong length or wrong spaces,
 * err->text begins with the value of `whose`, such as "a user's".
 */
enum status name_prepare(const char *name, const char *whose, size_t max, char **out,
			 struct error *err);

#endif
