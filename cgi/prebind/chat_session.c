/*
 * Checks a chat session before it is passed to the browser. A sid, rid or JID that clients cannot
 * use is the XMPP server's fault.
 */
#include "prebind/chat_session.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/secret.h"
#include "xmpp/adhoc_bind.h"

void chat_session_set_rid(struct chat_session *session, int64_t next)
{
	char buffer[CODEC_DECIMAL_SIZE];
	const char *text;

	if (next < 0 || next > ADHOC_RID_LIMIT)
		return;
	text = codec_decimal(buffer, next);
	memcpy(session->rid, text, strlen(text) + 1);
}

/* True for digits with a value well below 2^53, because the browser increments the rid. */
static bool rid_is_sound(const char *rid)
{
	size_t len = strspn(rid, "0123456789");

	return len > 0 && len <= CHAT_RID_MAX && rid[len] == '\0' &&
	       strtoll(rid, NULL, 10) <= ADHOC_RID_LIMIT;
}

/*
 * A sid is opaque (XEP-0124, 7). But the browser puts it into an XML attribute, so only visible
 * ASCII without markup is accepted.
 */
static bool sid_is_sound(const char *sid)
{
	const char *c = sid;

	while (*c > ' ' && *c <= '~')
		c++;
	return sid[0] && !*c && !text_has_markup(sid);
}

/* Checks what the session's JID must have in common with the JID that was asked for. */
typedef enum status jid_check(const struct jid *got, const struct jid *asked, struct error *err);

static enum status same_account(const struct jid *got, const struct jid *asked, struct error *err)
{
	if (jid_same_bare(got, asked))
		return STATUS_OK;
	return error_set(err, STATUS_CHAT_SERVER,
			 "the XMPP server bound a session of %s@%s instead of %s@%s, so the "
			 "session was not used",
			 got->localpart, got->domain, asked->localpart, asked->domain);
}

static enum status same_domain(const struct jid *got, const struct jid *asked, struct error *err)
{
	if (strcmp(got->domain, asked->domain) == 0)
		return STATUS_OK;
	return error_set(err, STATUS_CHAT_SERVER,
			 "the XMPP server gave a guest the JID %s@%s, whose domain is not %s "
			 "(guest_domain), so the session was not used",
			 got->localpart, got->domain, asked->domain);
}

static enum status has_resource(const struct jid *got, struct error *err)
{
	if (got->resource[0])
		return STATUS_OK;
	return error_set(err, STATUS_CHAT_SERVER,
			 "the XMPP server returned %s@%s without a resource, so the session was "
			 "not used",
			 got->localpart, got->domain);
}

/* Checks the session's JID and prepares it, because clients compare JIDs byte by byte. */
static enum status session_jid_take(struct chat_session *session, const struct jid *asked,
				    jid_check *check, struct error *err)
{
	struct jid got = {0};
	struct error why = {0};
	char *text;

	if (jid_parse(session->jid, &got, &why) != STATUS_OK)
		return error_set(err, STATUS_CHAT_SERVER,
				 "the XMPP server returned a session whose JID is not valid (%s), "
				 "so the session was not used",
				 why.text);
	enum status status = check(&got, asked, err);
	if (status == STATUS_OK)
		status = has_resource(&got, err);
	text = status == STATUS_OK ? jid_text(&got) : NULL;
	if (status == STATUS_OK && text == NULL)
		status = error_no_memory(err);
	jid_clear(&got);
	if (status != STATUS_OK)
		return status;
	free(session->jid);
	session->jid = text;
	return STATUS_OK;
}

static enum status session_check(struct chat_session *session, const struct jid *asked,
				 jid_check *check, struct error *err)
{
	if (session->jid == NULL || !sid_is_sound(session->sid) || !rid_is_sound(session->rid))
		return error_set(err, STATUS_CHAT_SERVER,
				 "the XMPP server returned a sid or rid that is not valid, so the "
				 "session was not used");
	return session_jid_take(session, asked, check, err);
}

enum status chat_session_check(struct chat_session *session, const struct jid *asked,
			       struct error *err)
{
	return session_check(session, asked, same_account, err);
}

enum status chat_session_check_guest(struct chat_session *session, const struct jid *asked,
				     struct error *err)
{
	return session_check(session, asked, same_domain, err);
}

void chat_session_clear(struct chat_session *session)
{
	free(session->jid);
	free(session->bosh_url);
	secret_wipe(session, sizeof(*session));
	session->jid = NULL;
	session->bosh_url = NULL;
}
