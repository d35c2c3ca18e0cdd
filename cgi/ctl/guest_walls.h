/*
 * Things that guests must not do, and that prebindctl check --deep tries. Each of them is called a
 * wall. A wall has the stanza to send, and for each XMPP server the setting that makes the server
 * refuse this stanza.
 */
#ifndef CTL_GUEST_WALLS_H
#define CTL_GUEST_WALLS_H

#include "base/strbuf.h"
#include "xmpp/jid.h"

enum server_kind { SERVER_UNKNOWN, SERVER_PROSODY, SERVER_EJABBERD, SERVER_KINDS };

/* The addresses to which the guest sends stanzas. All members are borrowed. */
struct wall_goal {
	const char *id;         /* the id of the stanza */
	const char *user;       /* full JID; NULL if there is no user to send to */
	const struct jid *jid;  /* the parsed form of user */
	const char *guest_host; /* the host of the guests' JIDs */
	const char *room;       /* the room's localpart */
	const char *nick;       /* the guest's nickname in the room */
	const char *service;    /* the room's service; NULL if there is no such room */
};

struct guest_wall {
	const char *what; /* words that complete "guests can" */
	void (*write)(const struct wall_goal *goal, struct strbuf *out);
	bool needs_user, needs_room;
	bool to_user; /* the user's session receives the stanza unless the server refuses it */
	const char *settings[SERVER_KINDS];
};
extern const struct guest_wall guest_walls[];
extern const size_t guest_walls_count;

#define WALL_NS_CLIENT " xmlns='jabber:client'"

/* Writes the presence with which the guest enters the room. */
void wall_write_room(const struct wall_goal *goal, struct strbuf *out);

#endif
