/*
 * What guests must not do, as prebindctl check --deep tries it. Each such rule is called a wall. It
 * has the stanza to try, and for each XMPP server the setting that makes the server refuse the
 * stanza.
 */
#ifndef CTL_GUEST_WALLS_H
#define CTL_GUEST_WALLS_H

#include "base/strbuf.h"
#include "xmpp/jid.h"

enum server_kind { SERVER_UNKNOWN, SERVER_PROSODY, SERVER_EJABBERD, SERVER_KINDS };

/* The addresses to which a guest's stanzas go. All members are borrowed. */
struct wall_goal {
	const char *id;         /* of the stanza */
	const char *user;       /* full JID; NULL if there is no user to write to */
	const struct jid *jid;  /* the same JID as user */
	const char *guest_host; /* the host of the guests' JIDs */
	const char *room;       /* the room's localpart */
	const char *nick;       /* the guest's nickname in the room */
	const char *service;    /* the room's service; NULL if there is no room to try */
};

struct guest_wall {
	const char *what; /* the words after "guests can" */
	void (*write)(const struct wall_goal *goal, struct strbuf *out);
	bool needs_user, needs_room;
	bool to_user; /* if not refused, the stanza arrives in the user's session */
	const char *settings[SERVER_KINDS];
};
extern const struct guest_wall guest_walls[];
extern const size_t guest_walls_count;

#define WALL_NS_CLIENT " xmlns='jabber:client'"

/* Enters the goal's room. */
void wall_write_room(const struct wall_goal *goal, struct strbuf *out);

#endif
