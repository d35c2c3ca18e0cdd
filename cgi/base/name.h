/*
 * Names of people as Unicode sees them: composed or not, capital or small letters, and characters
 * that nobody can see. The only user of libunistring. Not here: which names can be part of a JID
 * (xmpp/jid_name.h).
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

/* The capital of a small letter that is its only one; else the character itself. */
uint32_t name_upper_of(uint32_t c);

/*
 * All of these take valid UTF-8, and give the caller a text to free. Composed: NFC, so that an e
 * with a combining accent and the letter é are one text.
 */
enum status name_compose(const char *name, char **out, struct error *err);

/*
 * Small letters: each capital that has a small letter of its own, in any script. A character that
 * shares its small letter with another one stays (the Kelvin sign does not become k).
 */
enum status name_lower(const char *name, char **out, struct error *err);

/* Composed, then in small letters: what names are compared by that differ by neither. */
enum status name_fold(const char *name, char **out, struct error *err);

/* False if either is not UTF-8, or there is no memory. */
bool name_same_folded(const char *a, const char *b);

/*
 * STATUS_BAD_REQUEST names the first character that cannot be seen, or not be told from another:
 * control, format, tag and private characters, separators, fillers, spaces other than U+0020, and
 * what is no character. A zero-width (non-)joiner is let through where it changes what is seen.
 */
enum status name_characters_check(const char *name, struct error *err);

/*
 * The name that somebody is given here: composed, all of it visible, with single spaces inside at
 * most, 1 to max bytes. STATUS_BAD_REQUEST says what is wrong; whose: "a user's", for the sentence.
 */
enum status name_prepare(const char *name, const char *whose, size_t max, char **out,
			 struct error *err);

#endif
