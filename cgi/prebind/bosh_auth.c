/*
 * Has the table of the ways to log in, one for each value of bosh_auth. This file also chooses the
 * SASL mechanism, and makes the error sentences that all ways share.
 */
#include "prebind/bosh_auth.h"

#include <stdlib.h>
#include <string.h>

#include "xmpp/sasl.h"

static const struct {
	const char *name;
	const struct bosh_auth_way *way;
} ways[] = {
    [BOSH_AUTH_PASSWORD] = {"password", &bosh_auth_password},
    [BOSH_AUTH_JWT] = {"jwt",      &bosh_auth_jwt     },
    [BOSH_AUTH_OAUTH] = {"oauth",    &bosh_auth_oauth   },
    [BOSH_AUTH_TOKEN] = {"token",    &bosh_auth_token   },
};

/*
 * Returns the mechanisms for bosh_auth that bosh_mechanisms allows, or all of them if
 * bosh_mechanisms is empty. The check of the configuration ensures that at least one is allowed.
 */
static char *mechanisms_make(const struct site_conf *conf)
{
	const struct conf_list *allowed = &conf->bosh_mechanisms;
	const char *usable = conf_mechanisms(conf);
	struct strbuf names;
	char *taken;

	strbuf_init(&names);
	if (allowed->count == 0)
		strbuf_adds(&names, usable);
	for (size_t i = 0; i < allowed->count; i++)
		if (sasl_choose(allowed->items[i], usable, SASL_CHANNEL_PRIVATE) != NULL)
			strbuf_addf(&names, "%s%s", names.len ? " " : "", allowed->items[i]);
	taken = strbuf_take(&names);
	strbuf_clear(&names);
	return taken;
}

enum status bosh_auth_open(const struct site_conf *conf, struct store *store, struct bosh_auth *out,
			   struct error *err)
{
	struct bosh_auth auth = {.way = ways[conf->bosh_auth].way,
				 .name = ways[conf->bosh_auth].name};
	enum status status;

	auth.mechanisms = mechanisms_make(conf);
	if (auth.mechanisms == NULL)
		return error_no_memory(err);
	status = auth.way->open(conf, store, &auth.state, err);
	if (status == STATUS_OK)
		*out = auth;
	else
		free(auth.mechanisms);
	return status;
}

enum status bosh_auth_open_guest(const struct site_conf *conf, struct store *store,
				 struct bosh_auth *out, struct error *err)
{
	struct bosh_auth auth = {.way = &bosh_auth_anonymous, .mechanisms = strdup(SASL_ANONYMOUS)};

	if (auth.mechanisms == NULL)
		return error_no_memory(err);
	*out = auth;
	return auth.way->open(conf, store, &out->state, err);
}

void bosh_auth_close(struct bosh_auth *auth)
{
	if (auth->way != NULL)
		auth->way->close(auth->state);
	free(auth->mechanisms);
	*auth = (struct bosh_auth){0};
}

const char *bosh_auth_mechanism(const struct bosh_auth *auth, const char *offered, const char *url,
				struct error *err)
{
	enum sasl_channel channel =
	    http_url_is_private(url) ? SASL_CHANNEL_PRIVATE : SASL_CHANNEL_PUBLIC;
	const char *chosen = sasl_choose(offered, auth->mechanisms, channel);
	const char *in_clear = sasl_choose(offered, auth->mechanisms, SASL_CHANNEL_PRIVATE);

	if (chosen != NULL)
		return chosen;
	if (auth->way == &bosh_auth_anonymous)
		error_set(err, STATUS_CHAT_SERVER,
			  "the XMPP server does not offer ANONYMOUS on the host in guest_domain; "
			  "it offers only: %s. Configure this host for guests: see docs/guests.md",
			  offered[0] ? offered : "none");
	else if (in_clear != NULL)
		error_set(
		    err, STATUS_CHAT_SERVER,
		    "the XMPP server offers only %s, which sends the password in clear, and "
		    "bosh_service is neither an https address nor a loopback address: use https",
		    in_clear);
	else
		error_set(err, STATUS_CHAT_SERVER,
			  "the XMPP server offers none of the mechanisms that bosh_auth = %s can "
			  "use (%s); it offers only: %s. Some servers offer PLAIN only over https: "
			  "for Prosody behind a proxy, set consider_bosh_secure = true",
			  auth->name, auth->mechanisms, offered[0] ? offered : "none");
	return NULL;
}

void bosh_credentials_init(struct bosh_credentials *credentials)
{
	*credentials = (struct bosh_credentials){0};
	strbuf_init_secret(&credentials->secret);
}

void bosh_credentials_clear(struct bosh_credentials *credentials)
{
	strbuf_clear(&credentials->secret);
	free(credentials->site_user);
	credentials->site_user = NULL;
}

/*
 * Advice to the operator for some SASL errors (RFC 6120, 6.5). For all other errors, the operator
 * needs the server's log.
 */
static const struct advice {
	const char *condition;
	const char *text;
} advices[] = {
    {"account-disabled",       "enable the account on the server"                                    },
    {"credentials-expired",    "renew the credentials on the server"                                 },
    {"encryption-required",
     "the server requires TLS: set bosh_service to the server's https address"                       },
    {"mechanism-too-weak",
     "the server requires another mechanism for this account: check bosh_mechanisms"                 },
    {"temporary-auth-failure", "the server cannot look up the account now: see the server's log"     },
    {"invalid-mechanism",      "the server refuses a mechanism that it offered: see the server's log"},
    {"malformed-request",      "the server cannot read prebind's SASL data: see the server's log"    },
};

bool bosh_auth_refused(const struct bosh_auth *auth, const struct jid *jid,
		       const struct bosh_credentials *credentials, const char *condition,
		       struct error *err)
{
	const char *advice = "see the server's log";

	if (strcmp(condition, "not-authorized") == 0 || strcmp(condition, "invalid-authzid") == 0) {
		auth->way->refused(auth->state, jid, credentials, err);
		return credentials->kept;
	}
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strcmp(advices[i].condition, condition) == 0)
			advice = advices[i].text;
	error_set(err, STATUS_CHAT_SERVER, "the XMPP server refuses the login of %s@%s (%s): %s",
		  jid->localpart, jid->domain, condition[0] ? condition : "no reason given",
		  advice);
	return false;
}
