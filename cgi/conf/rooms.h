/*
 * The value of `rooms` has the form: JID "Name", JID "Name" join, … A name is in double quotes; a
 * quote or backslash in a name is written after a backslash. For a room without a name, the JID's
 * localpart is shown.
 */
#ifndef CONF_ROOMS_H
#define CONF_ROOMS_H

#include "base/json.h"
#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Reads the rooms into *out, which the caller clears even after a failure. Returns NULL if the text
 * is valid. Otherwise appends the faulty entry to `wrong`, and returns the reason as the end of a
 * sentence that begins with that entry.
 */
const char *rooms_read(const char *text, struct conf_rooms *out, struct strbuf *wrong);

void rooms_clear(struct conf_rooms *rooms);

/* Appends the rooms as text. rooms_read turns the text into the same rooms. */
void rooms_write(const struct conf_rooms *rooms, struct strbuf *out);

/* Writes the array [{"jid","name"}, {"jid","name","join":true}] as the member `key`. */
void rooms_put_json(const struct conf_rooms *rooms, const char *key, struct json_writer *w);

/*
 * Replaces *text, a heap string, by the prepared bare JID. Returns NULL on success. On failure,
 * returns the reason and leaves *text unchanged.
 */
const char *rooms_jid_prepare(char **text);

#endif
