/*
 * What guests must not do, as prebindctl check --deep tries it: the stanza, and the setting of each
 * XMPP server that refuses it.
 */
#ifndef CTL_GUEST_WALLS_H
#define CTL_GUEST_WALLS_H

#include "base/strbuf.h"
#include "xmpp/jid.h"

enum server_kind { SERVER_UNKNOWN, SERVER_PROSODY, SERVER_EJABBERD, SERVER_KINDS };

/* To whom and where a guest's stanzas go. All members are borrowed. */
struct wall_goal {
	const char *id;         /* of the stanza */
	const char *user;       /* full JID; NULL: there is nobody to write to */
	const struct jid *jid;  /* the same */
	const char *guest_host; /* where the guests are */
	const char *room;       /* a localpart */
	const char *nick;       /* in that room */
	const char *service;    /* where that room is; NULL: the site has no rooms */
};

struct guest_wall {
	const char *what; /* after "guests can" */
	void (*write)(const struct wall_goal *goal, struct strbuf *out);
	bool needs_user, needs_room;
	bool to_user; /* if it is not refused, it arrives in the user's session */
	const char *settings[SERVER_KINDS];
};
extern const struct guest_wall guest_walls[];
extern const size_t guest_walls_count;

#define WALL_NS_CLIENT " xmlns='jabber:client'"

/* Enters the goal's room. */
void wall_write_room(const struct wall_goal *goal, struct strbuf *out);

#endif
