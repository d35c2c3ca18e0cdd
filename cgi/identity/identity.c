/*
 * The list of all identity providers, and the loop over the providers of a site. To add a provider,
 * write its file and add a row to this list.
 */
#include "identity/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/name.h"
#include "base/secret.h"

static const struct identity_provider *const providers[] = {
    &login_session_provider, &remote_user_provider, &site_session_provider, &php_session_provider,
    &token_provider,         &site_http_provider,   &guest_provider,
};

#define N_PROVIDERS (sizeof(providers) / sizeof(providers[0]))

/* states[i] belongs to the provider named conf->identity.items[i] */
struct identity_chain {
	const struct site_conf *conf;
	size_t count;
	void *states[];
};

const struct identity_provider *identity_provider_named(const char *name)
{
	for (size_t i = 0; i < N_PROVIDERS; i++)
		if (strcmp(providers[i]->name, name) == 0)
			return providers[i];
	return NULL;
}

/* For a site with WordPress's cookie, the name site_session selects wordpress_provider. */
const struct identity_provider *identity_provider_of(const struct site_conf *conf, const char *name)
{
	const struct identity_provider *provider = identity_provider_named(name);

	if (provider == &site_session_provider && conf->site_result == SITE_RESULT_WORDPRESS)
		return &wordpress_provider;
	return provider;
}

static enum status not_built_in(const char *name, struct error *err)
{
	return error_set(err, STATUS_INTERNAL,
			 "this prebind was built without the identity provider '%s'", name);
}

/* ---- the state of the providers ---- */

void identity_chain_close(struct identity_chain *chain)
{
	if (chain == NULL)
		return;
	for (size_t i = 0; i < chain->count; i++)
		if (chain->states[i] != NULL)
			identity_provider_of(chain->conf, chain->conf->identity.items[i])
			    ->close(chain->states[i]);
	free(chain);
}

enum status identity_chain_open(const struct site_conf *conf, struct identity_chain **out,
				struct error *err)
{
	const struct conf_list *names = &conf->identity;
	struct identity_chain *chain =
	    calloc(1, sizeof(*chain) + names->count * sizeof(chain->states[0]));
	enum status status = STATUS_OK;

	if (chain == NULL)
		return error_no_memory(err);
	chain->conf = conf;
	for (size_t i = 0; i < names->count && status == STATUS_OK; i++) {
		const struct identity_provider *provider =
		    identity_provider_of(conf, names->items[i]);

		if (provider == NULL)
			status = not_built_in(names->items[i], err);
		else if (provider->open != NULL)
			status = provider->open(conf, &chain->states[i], err);
		chain->count = i + 1;
	}
	if (status == STATUS_OK)
		*out = chain;
	else
		identity_chain_close(chain);
	return status;
}

void *identity_state(const struct identity_context *context, const char *name)
{
	const struct identity_chain *chain = context->chain;

	for (size_t i = 0; chain != NULL && i < chain->count; i++)
		if (strcmp(chain->conf->identity.items[i], name) == 0)
			return chain->states[i];
	return NULL;
}

bool identity_names_jids(const struct identity_context *context)
{
	const struct site_conf *conf = context->conf;

	for (size_t i = 0; i < conf->identity.count; i++) {
		const struct identity_provider *provider =
		    identity_provider_of(conf, conf->identity.items[i]);

		if (provider != NULL && provider->names_jids != NULL &&
		    provider->names_jids(conf, identity_state(context, provider->name)))
			return true;
	}
	return false;
}

/* ---- the user ---- */

bool identity_is_excluded(const struct site_conf *conf, const char *user)
{
	for (size_t i = 0; i < conf->exclude_users.count; i++)
		if (name_same_folded(conf->exclude_users.items[i], user))
			return true;
	return user[0] == '\0';
}

/*
 * Checks the user's name. The checks are the same whether the name comes from the web server, the
 * site or a token.
 */
static enum identity_verdict name_check(const struct site_conf *conf, const struct identity *found,
					struct error *err)
{
	size_t len = strlen(found->user);
	const char *why = NULL;

	if (identity_is_excluded(conf, found->user))
		return IDENTITY_NONE;
	if (len > IDENTITY_USER_MAX)
		why = "is too long";
	else if (!utf8_valid(found->user, len))
		why = "is not UTF-8";
	else if (text_has_control(found->user))
		why = "contains a control character";
	if (why == NULL)
		return IDENTITY_YES;
	error_set(err, STATUS_BAD_REQUEST, "%s: the user's name (%zu bytes) %s", found->source, len,
		  why);
	return IDENTITY_BAD;
}

static char *text_or_empty(char *text)
{
	return text != NULL ? text : strdup("");
}

/* Returns the display name, or an empty string if the name is not suitable to be shown. */
static char *name_to_show(char *text)
{
	if (text == NULL || (strlen(text) <= IDENTITY_USER_MAX && utf8_valid(text, strlen(text)) &&
			     !text_has_control(text)))
		return text_or_empty(text);
	free(text);
	return strdup("");
}

/*
 * Fills in the members that a provider is allowed to leave out. If the provider sets no session,
 * form tokens are bound to the provider's name and the user's name.
 */
static enum identity_verdict complete(struct identity *found, struct error *err)
{
	struct strbuf binding;

	found->display_name = name_to_show(found->display_name);
	found->jid = text_or_empty(found->jid);
	found->email = text_or_empty(found->email);
	found->id = text_or_empty(found->id);
	if (found->session == NULL) {
		strbuf_init(&binding);
		strbuf_addf(&binding, "%s:%s", found->source, found->user);
		found->session = strbuf_take(&binding);
	}
	if (found->display_name != NULL && found->jid != NULL && found->email != NULL &&
	    found->id != NULL && found->session != NULL)
		return IDENTITY_YES;
	error_no_memory(err);
	return IDENTITY_ERROR;
}

void identity_blame_cookie(struct identity *out, const char *name)
{
	free(out->cookie);
	out->cookie = strdup(name);
}

enum identity_verdict identity_cookie(const struct identity_context *context, const char *name,
				      char **value, struct identity *out, struct error *err)
{
	switch (request_cookie(context->req, name, value, err)) {
	case STATUS_OK:
		return IDENTITY_YES;
	case STATUS_NOT_FOUND:
		return IDENTITY_NONE;
	case STATUS_BAD_REQUEST:
		identity_blame_cookie(out, name);
		return IDENTITY_BAD;
	default:
		return IDENTITY_ERROR;
	}
}

static enum identity_verdict ask(const struct identity_context *context, size_t i,
				 struct identity *out, struct error *err)
{
	const char *name = context->conf->identity.items[i];
	const struct identity_provider *provider = identity_provider_of(context->conf, name);
	struct identity_context inner = *context;

	if (provider == NULL) {
		not_built_in(name, err);
		return IDENTITY_ERROR;
	}
	inner.state = context->chain != NULL ? context->chain->states[i] : NULL;
	out->source = provider->name;
	out->claims = identity_names_jids(context);
	enum identity_verdict verdict = provider->find(&inner, out, err);
	if (verdict == IDENTITY_YES && !provider->own_users)
		verdict = name_check(context->conf, out, err);
	if (verdict == IDENTITY_YES)
		verdict = complete(out, err);
	return verdict;
}

enum identity_verdict identity_find(const struct identity_context *context, struct identity *out,
				    struct error *err)
{
	for (size_t i = 0; i < context->conf->identity.count; i++) {
		struct identity found = {0};
		enum identity_verdict verdict = ask(context, i, &found, err);

		if (verdict == IDENTITY_YES) {
			*out = found;
		} else if (verdict == IDENTITY_BAD) {
			out->source = found.source;
			out->cookie = found.cookie;
			found.cookie = NULL;
		}
		if (verdict != IDENTITY_YES)
			identity_clear(&found);
		if (verdict != IDENTITY_NONE)
			return verdict;
		/*
		 * release the store, because the next provider might wait for the site's database
		 */
		store_rest(context->store);
	}
	return IDENTITY_NONE;
}

void identity_clear(struct identity *identity)
{
	free(identity->user);
	free(identity->display_name);
	free(identity->jid);
	free(identity->email);
	free(identity->id);
	free(identity->cookie);
	secret_free(identity->session);
	*identity = (struct identity){0};
}
