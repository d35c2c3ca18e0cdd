/*
 * The value of `rooms`: JID "Name", JID "Name" join, … A name is in double quotes. A quote or
 * backslash in a name is written after a backslash. If there is no name, the JID's localpart is
 * shown.
 */
#ifndef CONF_ROOMS_H
#define CONF_ROOMS_H

#include "base/json.h"
#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Fills *out, which the caller clears in any case. Returns NULL if the text is valid, otherwise the
 * reason. The reason is the end of a sentence that begins with the faulty entry. That entry is
 * appended to wrong.
 */
const char *rooms_read(const char *text, struct conf_rooms *out, struct strbuf *wrong);

void rooms_clear(struct conf_rooms *rooms);

/* Appends the rooms as text. rooms_read makes the same value from this text. */
void rooms_write(const struct conf_rooms *rooms, struct strbuf *out);

/* Writes the array [{"jid","name"}, {"jid","name","join":true}]. */
void rooms_put_json(const struct conf_rooms *rooms, const char *key, struct json_writer *w);

/*
 * Replaces *text, a heap string, by the prepared bare JID. If this fails, returns the reason and
 * leaves *text unchanged. Otherwise returns NULL.
 */
const char *rooms_jid_prepare(char **text);

#endif
