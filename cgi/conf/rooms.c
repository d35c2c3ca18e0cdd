/*
 * Reads and writes the list of the site's rooms. JIDs are stored prepared, so that they can be
 * compared byte by byte.
 */
#include "conf/rooms.h"

#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "conf/text.h"
#include "xmpp/jid.h"

#define ROOMS_MAX     32  /* limited because each page contains all rooms */
#define ROOM_NAME_MAX 100 /* bytes; a longer name does not fit on a line of the room list */
/* bytes; RFC 7622 allows 2047, but then a page with all rooms could become too large */
#define ROOM_JID_MAX 255

#define BLANKS " \t"
#define JOIN   "join"

const char *rooms_jid_prepare(char **text)
{
	struct jid jid = {0};
	struct error err = {0};

	if (strlen(*text) > ROOM_JID_MAX)
		return "is longer than 255 bytes";
	enum status status = jid_parse(*text, &jid, &err);
	if (status == STATUS_OK && jid.resource[0] != '\0') {
		jid_clear(&jid);
		return "has a resource";
	}
	if (status != STATUS_OK)
		return status == STATUS_BAD_REQUEST ? "is not NAME@DOMAIN" : TEXT_NO_MEMORY;
	char *bare = jid_bare_text(&jid);
	jid_clear(&jid);
	if (bare == NULL)
		return TEXT_NO_MEMORY;
	free(*text);
	*text = bare;
	return NULL;
}

/* ---- one entry ---- */

static void skip_blanks(const char **at)
{
	*at += strspn(*at, BLANKS);
}

/* Reads a name in quotes. *at points to the opening quote, and is moved past the closing quote. */
static const char *name_read(const char **at, struct strbuf *name)
{
	for (const char *c = *at + 1; *c != '\0'; c++) {
		if (*c == '"') {
			*at = c + 1;
			return NULL;
		}
		if (*c == '\\' && (c[1] == '"' || c[1] == '\\'))
			c++;
		strbuf_addc(name, *c);
	}
	return "has no closing quote (a space and ; begin a comment)";
}

static const char *name_check(const struct strbuf *name)
{
	struct error err = {0};

	if (!strbuf_ok(name))
		return TEXT_NO_MEMORY;
	if (name->data[strspn(name->data, BLANKS)] == '\0')
		return "has an empty name";
	if (name->len > ROOM_NAME_MAX)
		return "has a name of more than 100 bytes";
	enum status status = name_characters_check(name->data, &err);
	if (status == STATUS_OK)
		return NULL;
	return status == STATUS_BAD_REQUEST ? "has a name with an invisible character"
					    : TEXT_NO_MEMORY;
}

/* Reads the name of the room. If there is none, uses the JID's localpart. */
static const char *name_take(const char **at, struct conf_room *room)
{
	struct strbuf name;
	const char *reason = NULL;

	strbuf_init(&name);
	if (**at == '"')
		reason = name_read(at, &name);
	else
		strbuf_add(&name, room->jid, strcspn(room->jid, "@"));
	if (reason == NULL)
		reason = name_check(&name);
	if (reason == NULL)
		room->name = strbuf_take(&name);
	strbuf_clear(&name);
	return reason == NULL && room->name == NULL ? TEXT_NO_MEMORY : reason;
}

/* Reads an entry up to its comma, or to the end. The caller frees the room's members. */
static const char *room_read(const char **at, struct conf_room *room)
{
	size_t len = strcspn(*at, BLANKS ",\"");

	if (len == 0)
		return "has no address";
	room->jid = strndup(*at, len);
	if (room->jid == NULL)
		return TEXT_NO_MEMORY;
	const char *reason = rooms_jid_prepare(&room->jid);
	if (reason != NULL)
		return reason;
	*at += len;
	skip_blanks(at);
	reason = name_take(at, room);
	if (reason != NULL)
		return reason;
	skip_blanks(at);
	room->join = strncmp(*at, JOIN, strlen(JOIN)) == 0;
	*at += room->join ? strlen(JOIN) : 0;
	skip_blanks(at);
	return **at == '\0' || **at == ','
		   ? NULL
		   : "is followed by a word other than join, or a comma is missing";
}

/* ---- the list ---- */

static const char *room_add(struct conf_rooms *rooms, const struct conf_room *room)
{
	for (size_t i = 0; i < rooms->count; i++)
		if (strcmp(rooms->items[i].jid, room->jid) == 0)
			return "appears twice";
	if (rooms->count >= ROOMS_MAX)
		return "is one too many";
	struct conf_room *items =
	    reallocarray(rooms->items, rooms->count + 1, sizeof(*rooms->items));
	if (items == NULL)
		return TEXT_NO_MEMORY;
	rooms->items = items;
	rooms->items[rooms->count++] = *room;
	return NULL;
}

static void room_clear(struct conf_room *room)
{
	free(room->jid);
	free(room->name);
}

const char *rooms_read(const char *text, struct conf_rooms *out, struct strbuf *wrong)
{
	const char *at = text;

	skip_blanks(&at);
	while (*at != '\0') {
		struct conf_room room = {0};
		const char *begin = at, *reason = room_read(&at, &room);

		if (reason == NULL)
			reason = room_add(out, &room);
		if (reason != NULL) {
			strbuf_add(wrong, begin, strcspn(begin, BLANKS ","));
			room_clear(&room);
			return reason;
		}
		if (*at == ',' && at[1 + strspn(at + 1, BLANKS)] == '\0')
			return "ends with a comma";
		at += *at == ',';
		skip_blanks(&at);
	}
	return NULL;
}

void rooms_clear(struct conf_rooms *rooms)
{
	for (size_t i = 0; i < rooms->count; i++)
		room_clear(&rooms->items[i]);
	free(rooms->items);
	*rooms = (struct conf_rooms){0};
}

void rooms_write(const struct conf_rooms *rooms, struct strbuf *out)
{
	for (size_t i = 0; i < rooms->count; i++) {
		const struct conf_room *room = &rooms->items[i];

		strbuf_addf(out, "%s%s \"", i == 0 ? "" : ", ", room->jid);
		for (const char *c = room->name; *c != '\0'; c++) {
			if (*c == '"' || *c == '\\')
				strbuf_addc(out, '\\');
			strbuf_addc(out, *c);
		}
		strbuf_adds(out, room->join ? "\" " JOIN : "\"");
	}
}

void rooms_put_json(const struct conf_rooms *rooms, const char *key, struct json_writer *w)
{
	json_open_array(w, key);
	for (size_t i = 0; i < rooms->count; i++) {
		json_open_object(w, NULL);
		json_put_string(w, "jid", rooms->items[i].jid);
		json_put_string(w, "name", rooms->items[i].name);
		if (rooms->items[i].join)
			json_put_bool(w, "join", true);
		json_close_object(w);
	}
	json_close_array(w);
}
