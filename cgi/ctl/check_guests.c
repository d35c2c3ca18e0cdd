/*
 * prebindctl check --deep, for a site with guests. Settings of the XMPP server decide what guests
 * can do, but prebind cannot read these settings. So the check opens a guest's session, tries what
 * guests must not do, and reports each missing setting. It removes everything that it creates, and
 * sends messages only to a session that it has opened itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/secret.h"
#include "ctl/guest_walls.h"
#include "ctl/report.h"
#include "ctl/trial.h"
#include "page/guest_visit.h"
#include "prebind/prebind.h"

#define LATE_MS                                                                                    \
	3000 /* in ms; gives the server time to contact another server; a refusal comes at once */
#define PAUSE_MS   200
#define ROOM_BYTES 8
#define GUEST_NICK "check (guest)"

enum verdict { VERDICT_NONE, VERDICT_REFUSED, VERDICT_LET_THROUGH };

/* The state of the check: two sessions, and the result of the last request. */
struct walls {
	struct report *report;
	struct trial guest, user; /* user.sid is "" if prebind cannot read the user's session */
	struct wall_goal goal;
	char room[sizeof("check-") + 2 * ROOM_BYTES];
	enum server_kind kind;
	char id[TRIAL_ID_MAX]; /* id of the last request */
	enum verdict verdict;
	char condition[64]; /* the error condition, if the last request was refused */
};

/* ---- the XMPP server's answers ---- */

/* Copies the defined condition (RFC 6120, 8.3.3) of an error stanza. */
static void take_condition(struct walls *walls, const struct xml_node *stanza)
{
	const struct xml_node *error = xml_child(stanza, NULL, "error");
	const struct xml_node *child = error != NULL ? error->children : NULL;

	while (child != NULL && strcmp(child->name, "text") == 0)
		child = child->next;
	snprintf(walls->condition, sizeof(walls->condition), "%s",
		 child != NULL ? child->name : "without a condition");
}

/*
 * True if the condition means that the server tried to deliver the guest's message to another
 * server and failed. This is not a refusal of the message.
 */
static bool has_tried(const char *condition)
{
	return strncmp(condition, "remote-server-", strlen("remote-server-")) == 0;
}

static bool is_from_room(const struct walls *walls, const struct xml_node *stanza)
{
	const char *from = xml_attr(stanza, "", "from");
	size_t len = strlen(walls->room);

	return from != NULL && strncmp(from, walls->room, len) == 0 && from[len] == '@' &&
	       strcmp(stanza->name, "presence") == 0;
}

static void see_answer(void *arg, const struct xml_node *stanza)
{
	struct walls *walls = arg;
	const char *type = xml_attr(stanza, "", "type");
	const char *id = xml_attr(stanza, "", "id");

	if ((id == NULL || strcmp(id, walls->id) != 0) && !is_from_room(walls, stanza))
		return;
	if (walls->verdict != VERDICT_NONE)
		return;
	walls->verdict = VERDICT_LET_THROUGH;
	if (type == NULL || strcmp(type, "error") != 0)
		return;
	take_condition(walls, stanza);
	if (!has_tried(walls->condition))
		walls->verdict = VERDICT_REFUSED;
}

/*
 * Called for each stanza of the user's session. A stanza with the id of the guest's message shows
 * that the message has arrived.
 */
static void see_arrival(void *arg, const struct xml_node *stanza)
{
	struct walls *walls = arg;
	const char *id = xml_attr(stanza, "", "id");

	if (id != NULL && strcmp(id, walls->id) == 0)
		walls->verdict = VERDICT_LET_THROUGH;
}

static void see_nothing(void *arg, const struct xml_node *stanza)
{
	(void)arg;
	(void)stanza;
}

static void see_version(void *arg, const struct xml_node *stanza)
{
	struct walls *walls = arg;
	const struct xml_node *query = xml_child(stanza, "jabber:iq:version", "query");
	const struct xml_node *name = xml_child(query, NULL, "name");

	if (name != NULL && strcmp(name->text, "Prosody") == 0)
		walls->kind = SERVER_PROSODY;
	else if (name != NULL && strcmp(name->text, "ejabberd") == 0)
		walls->kind = SERVER_EJABBERD;
}

/* ---- one rule ---- */

static void pause_briefly(void)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

	nanosleep(&pause, NULL);
}

/*
 * Reads both sessions for LATE_MS, or until the result is known. A server does not answer a message
 * that it delivers, so the user's session must be read, too.
 */
static enum status watch(struct walls *walls, const struct guest_wall *wall, struct error *err)
{
	int64_t until_ms = clock_monotonic_ms() + LATE_MS;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && walls->verdict == VERDICT_NONE) {
		if (wall->to_user && walls->user.sid[0] != '\0')
			status = trial_say(&walls->user, "", see_arrival, walls, err);
		if (status == STATUS_OK && walls->verdict == VERDICT_NONE)
			status = trial_say(&walls->guest, "", see_answer, walls, err);
		if (clock_monotonic_ms() >= until_ms)
			break;
		if (walls->verdict == VERDICT_NONE)
			pause_briefly();
	}
	return status;
}

static void say_verdict(struct walls *walls, const struct guest_wall *wall, bool seen_by_user)
{
	const char *const *settings = wall->settings;
	struct error said = {0};

	if (walls->verdict == VERDICT_REFUSED) {
		error_set(&said, STATUS_OK, "guests cannot %s: the XMPP server refuses it (%s)",
			  wall->what, walls->condition);
	} else if (walls->verdict == VERDICT_NONE && seen_by_user) {
		error_set(&said, STATUS_OK, "guests cannot %s: the guest's message does not arrive",
			  wall->what);
	} else if (walls->kind != SERVER_UNKNOWN) {
		error_set(&said, STATUS_FORBIDDEN,
			  "guests can %s, because the XMPP server does not refuse this; %s, and "
			  "reload the server (docs/guests.md)",
			  wall->what, settings[walls->kind]);
	} else {
		error_set(&said, STATUS_FORBIDDEN,
			  "guests can %s, because the XMPP server does not refuse this; with "
			  "Prosody, %s; with ejabberd, %s (docs/guests.md)",
			  wall->what, settings[SERVER_PROSODY], settings[SERVER_EJABBERD]);
	}
	report_tell(walls->report, "guests", said.status, said.text);
}

static enum status try_wall(struct walls *walls, const struct guest_wall *wall, struct error *err)
{
	bool seen_by_user = wall->to_user && walls->user.sid[0] != '\0';
	struct strbuf stanza;

	snprintf(walls->id, sizeof(walls->id), "wall-%zu", (size_t)(wall - guest_walls));
	walls->verdict = VERDICT_NONE;
	strbuf_init(&stanza);
	wall->write(&walls->goal, &stanza);
	enum status status = strbuf_ok(&stanza)
				 ? trial_say(&walls->guest, stanza.data, see_answer, walls, err)
				 : error_no_memory(err);
	if (status == STATUS_OK)
		status = watch(walls, wall, err);
	if (status == STATUS_OK)
		say_verdict(walls, wall, seen_by_user);
	strbuf_clear(&stanza);
	return status;
}

/* ---- the room of another user ---- */

#define OWNER "xmlns='http://jabber.org/protocol/muc#owner'"

/*
 * Creates a room from the user's session. If this fails, the room does not exist. A guest who then
 * tries to enter the room tries to create it instead.
 */
static enum status room_make(struct walls *walls, struct error *err)
{
	struct wall_goal as_user = walls->goal;
	struct strbuf stanzas;
	enum status status = STATUS_OK;

	as_user.nick = "check";
	strbuf_init(&stanzas);
	wall_write_room(&as_user, &stanzas);
	strbuf_addf(&stanzas,
		    "<iq" WALL_NS_CLIENT " type='set' id='room' to='%s@%s'><query " OWNER
		    "><x xmlns='jabber:x:data' type='submit'/></query></iq>",
		    walls->room, walls->goal.service);
	if (walls->user.sid[0] != '\0')
		status = trial_say(&walls->user, stanzas.data, see_nothing, NULL, err);
	strbuf_clear(&stanzas);
	return status;
}

static void room_remove(struct walls *walls, struct trial *owner)
{
	struct strbuf stanza;

	strbuf_init(&stanza);
	strbuf_addf(&stanza,
		    "<iq" WALL_NS_CLIENT " type='set' id='gone' to='%s@%s'><query " OWNER
		    "><destroy/></query></iq>",
		    walls->room, walls->goal.service);
	if (owner->sid[0] != '\0')
		trial_say(owner, stanza.data, see_nothing, NULL, NULL);
	strbuf_clear(&stanza);
}

/* ---- all rules ---- */

static enum status ask_version(struct walls *walls, struct error *err)
{
	struct strbuf stanza;

	strbuf_init(&stanza);
	strbuf_addf(&stanza,
		    "<presence" WALL_NS_CLIENT "/><iq" WALL_NS_CLIENT
		    " type='get' id='version' to='%s'>"
		    "<query xmlns='jabber:iq:version'/></iq>",
		    walls->guest.domain);
	enum status status = trial_say(&walls->guest, stanza.data, see_version, walls, err);
	strbuf_clear(&stanza);
	return status;
}

static enum status try_all(struct walls *walls, struct error *err)
{
	enum status status = ask_version(walls, err);

	if (status == STATUS_OK && walls->goal.service != NULL)
		status = room_make(walls, err);
	for (size_t i = 0; i < guest_walls_count; i++) {
		const struct guest_wall *wall = &guest_walls[i];

		if ((wall->needs_user && walls->goal.user == NULL) ||
		    (wall->needs_room && walls->goal.service == NULL) || status != STATUS_OK)
			continue;
		status = try_wall(walls, wall, err);
	}
	if (walls->goal.service != NULL) {
		room_remove(walls, &walls->user);
		room_remove(walls, &walls->guest);
	}
	return status;
}

static enum status guest_open(struct walls *walls, struct site *site, struct error *err)
{
	struct chat_session session = {0};
	struct jid jid = {0};
	enum status status = guest_jid(site->conf, &jid, err);

	if (status == STATUS_OK)
		status = prebind_bind(site->guests, &jid, PREBIND_NOBODY_WAITS, &session, err);
	if (status == STATUS_OK)
		status = trial_open(&walls->guest, site->conf, &session, err);
	chat_session_clear(&session);
	jid_clear(&jid);
	return status;
}

static bool is_staff(const struct site_conf *conf, const struct jid *jid)
{
	for (size_t i = 0; i < conf->staff.count; i++)
		if (jid_text_is(conf->staff.items[i], jid))
			return true;
	return false;
}

/*
 * Continues the user's session. The check can read a session only if bosh_service opened it. If
 * another back end opened the session, the check uses only the session's JID, as an address for
 * messages. The check sends nothing to staff, because guests are allowed to write to staff.
 */
static enum status user_open(struct walls *walls, const struct chat_session *user,
			     struct error *err)
{
	const struct site_conf *conf = walls->report->site;
	enum status status = STATUS_OK;

	if (user->sid[0] == '\0')
		return status;
	status = trial_open(&walls->user, conf, user, err);
	if (status == STATUS_OK && conf->backend != BACKEND_BOSH)
		walls->user.sid[0] = '\0';
	if (status == STATUS_OK && !is_staff(conf, &walls->user.jid)) {
		walls->goal.user = user->jid;
		walls->goal.jid = &walls->user.jid;
	}
	return status;
}

/*
 * Returns the service of the site's rooms, or NULL if all rooms are for guests. ejabberd has a
 * separate room service for guests, on a subdomain of guest_domain. This function skips the service
 * for guests, because guests are allowed to enter all rooms there.
 */
static const char *service_of(const struct site_conf *conf)
{
	size_t guests = strlen(conf->guest_domain);

	for (size_t i = 0; i < conf->rooms.count; i++) {
		const char *service = strchr(conf->rooms.items[i].jid, '@') + 1;
		size_t len = strlen(service);

		if (len <= guests || service[len - guests - 1] != '.' ||
		    strcmp(service + len - guests, conf->guest_domain) != 0)
			return service;
	}
	return NULL;
}

/* Sets the addresses that guests must not be able to reach. */
static void goal_set(struct walls *walls)
{
	const struct site_conf *conf = walls->report->site;
	char hex[2 * ROOM_BYTES + 1];

	secret_random_hex(hex, ROOM_BYTES);
	snprintf(walls->room, sizeof(walls->room), "check-%s", hex);
	walls->goal = (struct wall_goal){.id = walls->id,
					 .room = walls->room,
					 .nick = GUEST_NICK,
					 .guest_host = conf->guest_domain};
	walls->goal.service = service_of(conf);
}

void check_guests(struct report *report, struct site *site, const struct chat_session *user)
{
	struct walls walls = {.report = report};
	struct error said = {0};

	goal_set(&walls);
	enum status status = guest_open(&walls, site, &said);
	if (status == STATUS_OK)
		status = user_open(&walls, user, &said);
	if (status == STATUS_OK)
		status = try_all(&walls, &said);
	conf_blame(status, &said, conf_site_place(site->conf, "guest_domain"));
	if (status != STATUS_OK)
		report_tell(report, "guests", status, said.text);
	else if (walls.goal.user == NULL)
		report_note(report, "guests",
			    "the check did not test whether guests can write to users; give a user "
			    "who is not staff with --user NAME");
	trial_close(&walls.guest);
	trial_close(&walls.user);
}
