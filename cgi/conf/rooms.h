/*
 * The value of `rooms`: JID "Name", JID "Name" join, … A name is in double quotes; a quote or
 * backslash in it follows a backslash. Without a name the JID's localpart is shown.
 */
#ifndef CONF_ROOMS_H
#define CONF_ROOMS_H

#include "base/json.h"
#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Fills *out, which the caller clears in any case. Returns NULL, or what is wrong, as the end of a
 * sentence that begins with the entry, which is appended to wrong.
 */
const char *rooms_read(const char *text, struct conf_rooms *out, struct strbuf *wrong);

void rooms_clear(struct conf_rooms *rooms);

/* Appends the text from which rooms_read would make the same value. */
void rooms_write(const struct conf_rooms *rooms, struct strbuf *out);

/* Writes the array [{"jid","name"}, {"jid","name","join":true}]. */
void rooms_put_json(const struct conf_rooms *rooms, const char *key, struct json_writer *w);

/*
 * Replaces *text, a heap string, by the prepared bare JID. Returns NULL, or what is wrong, and then
 * leaves *text as it is.
 */
const char *rooms_jid_prepare(char **text);

#endif
