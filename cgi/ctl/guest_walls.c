/*
 * The stanzas that the check sends as a guest. Each stanza tries something that guests must not do.
 * docs/guests.md describes the settings.
 */
#include "ctl/guest_walls.h"

#include "base/codec.h"

#define NS_MUC "http://jabber.org/protocol/muc"

/*
 * Writes a message with hints. If the server accepts the message, the hints tell the server not to
 * store or copy it.
 */
static void write_message(const struct wall_goal *goal, struct strbuf *out)
{
	strbuf_addf(out, "<message" WALL_NS_CLIENT " type='chat' id='%s' to='", goal->id);
	codec_xml(out, goal->user);
	strbuf_adds(out, "'><body>prebindctl check --deep tries whether guests can write to "
			 "users</body><private xmlns='urn:xmpp:carbons:2'/><no-copy "
			 "xmlns='urn:xmpp:hints'/><no-store xmlns='urn:xmpp:hints'/></message>");
}

static void write_devices(const struct wall_goal *goal, struct strbuf *out)
{
	const struct jid *jid = goal->jid;

	strbuf_addf(out, "<iq" WALL_NS_CLIENT " type='get' id='%s' to='", goal->id);
	codec_xml(out, jid->localpart);
	strbuf_addf(out, "@%s'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
		    jid->domain);
}

static void write_contact(const struct wall_goal *goal, struct strbuf *out)
{
	strbuf_addf(out,
		    "<iq" WALL_NS_CLIENT
		    " type='set' id='%s'><query xmlns='jabber:iq:roster'><item "
		    "jid='prebind-check@%s'/></query></iq>",
		    goal->id, goal->guest_host);
}

void wall_write_room(const struct wall_goal *goal, struct strbuf *out)
{
	strbuf_addf(out,
		    "<presence" WALL_NS_CLIENT " id='%s' to='%s@%s/%s'><x xmlns='" NS_MUC
		    "'/></presence>",
		    goal->id, goal->room, goal->service, goal->nick);
}

static void write_rooms(const struct wall_goal *goal, struct strbuf *out)
{
	strbuf_addf(out,
		    "<iq" WALL_NS_CLIENT " type='get' id='%s' to='%s'><query "
		    "xmlns='http://jabber.org/protocol/disco#items'/></iq>",
		    goal->id, goal->service);
}

/*
 * Writes a message to another domain. No host below .invalid exists (RFC 6761, section 6.4), so the
 * server can send nothing but a DNS query.
 */
static void write_abroad(const struct wall_goal *goal, struct strbuf *out)
{
	strbuf_addf(out,
		    "<message" WALL_NS_CLIENT
		    " type='chat' id='%s' to='somebody@prebind-check.invalid'>"
		    "<body>prebindctl check --deep</body></message>",
		    goal->id);
}

#define MODULE "add \"prebind_guests\" to modules_enabled of the guests' VirtualHost"

const struct guest_wall guest_walls[] = {
    {.what = "write to users",
     .write = write_message,
     .needs_user = true,
     .to_user = true,
     .settings = {[SERVER_PROSODY] = MODULE,
		  [SERVER_EJABBERD] = "set `access: not_guests` and `allow_local_users: false` in "
				      "mod_block_strangers"}},
    {.what = "list a user's devices",
     .write = write_devices,
     .needs_user = true,
     .settings = {[SERVER_PROSODY] = MODULE,
		  [SERVER_EJABBERD] = "remove the module that answers disco queries of strangers"}},
    {.what = "enter other rooms",
     .write = wall_write_room,
     .needs_room = true,
     .settings =
	 {[SERVER_PROSODY] = MODULE, [SERVER_EJABBERD] = "set `access: not_guests` in mod_muc"}},
    {.what = "list the rooms",
     .write = write_rooms,
     .needs_room = true,
     .settings =
	 {[SERVER_PROSODY] = MODULE, [SERVER_EJABBERD] = "set `access: not_guests` in mod_muc"}},
    {.what = "store contacts",
     .write = write_contact,
     .settings = {[SERVER_PROSODY] = MODULE,
		  [SERVER_EJABBERD] = "remove mod_roster from the modules of the guests' host"}                                                                             },
    {.what = "write to other servers",
     .write = write_abroad,
     .settings = {[SERVER_PROSODY] = "remove allow_anonymous_s2s, and set disallow_s2s = "
				     "true in the guests' VirtualHost",
		  [SERVER_EJABBERD] = "set `s2s_access: none` in host_config of the guests' host"}                                                                         },
};

const size_t guest_walls_count = sizeof(guest_walls) / sizeof(guest_walls[0]);
