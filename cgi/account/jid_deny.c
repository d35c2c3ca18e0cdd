/*
 * JIDs are compared in prepared form, so "Admin" is the same as "admin", and so is "admin" in
 * full-width letters.
 */
#include "account/jid_deny.h"

#include <string.h>

/*
 * Parses a word of deny_jids: a bare JID or a localpart. A localpart is completed to a JID with
 * `domain` here, but denies the JIDs with this localpart in every domain.
 */
static enum status read_word(const char *word, const char *domain, struct jid *out,
			     struct error *err)
{
	return strchr(word, '@') != NULL ? jid_parse(word, out, err)
					 : jid_make(word, domain, NULL, out, err);
}

enum status jid_deny_check(const struct site_conf *conf, const char *domain, struct error *err)
{
	struct error why = {0};

	for (size_t i = 0; i < conf->deny_jids.count; i++) {
		struct jid jid = {0};

		if (read_word(conf->deny_jids.items[i], domain, &jid, &why) != STATUS_OK)
			return conf_fault(err, STATUS_BAD_REQUEST,
					  conf_site_place(conf, "deny_jids"), "'%s': %s",
					  conf->deny_jids.items[i], why.text);
		jid_clear(&jid);
	}
	return STATUS_OK;
}

/* True if the JID is the site's own account at Tigase. */
static bool jid_is_service(const struct site_conf *conf, const struct jid *jid)
{
	return conf->backend == BACKEND_TIGASE && jid_text_is(conf->tigase_user, jid);
}

/* True if the word denies the JID. A localpart without a domain denies the JID in every domain. */
static bool word_is(const char *word, const struct jid *jid)
{
	return strchr(word, '@') != NULL ? jid_text_is(word, jid) : jid_localpart_is(word, jid);
}

/* True if the XMPP server gives JIDs of this domain to guests. */
static bool is_guests(const struct site_conf *conf, const struct jid *jid)
{
	return conf_site_has_provider(conf, PROVIDER_GUEST) &&
	       strcmp(conf->guest_domain, jid->domain) == 0;
}

static bool is_listed(const struct site_conf *conf, const struct jid *jid)
{
	for (size_t i = 0; i < conf->deny_jids.count; i++)
		if (word_is(conf->deny_jids.items[i], jid))
			return true;
	return false;
}

enum status jid_deny(const struct site_conf *conf, const struct jid *jid, struct error *err)
{
	if (jid_is_service(conf, jid))
		return error_set(err, STATUS_NO_CHAT_ACCOUNT,
				 "%s@%s is the Tigase administrator's account (tigase_user), so no "
				 "site user can have this account",
				 jid->localpart, jid->domain);
	if (is_guests(conf, jid))
		return error_set(err, STATUS_NO_CHAT_ACCOUNT,
				 "%s@%s is in guest_domain, where the XMPP server creates the JIDs "
				 "of guests, so no site user can have this JID",
				 jid->localpart, jid->domain);
	if (is_listed(conf, jid))
		return error_set(err, STATUS_NO_CHAT_ACCOUNT,
				 "%s@%s is in deny_jids, so no site user can have this JID",
				 jid->localpart, jid->domain);
	return STATUS_OK;
}
