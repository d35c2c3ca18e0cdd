/*
 * The registry of identity providers, and the walk over the ones a site has. A new way to be logged in is
 * one file and one row here.
 */
#include "identity/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

static const struct identity_provider *const providers[] = {
    &login_session_provider,
};

#define N_PROVIDERS (sizeof(providers) / sizeof(providers[0]))

const struct identity_provider *identity_provider_named(const char *name)
{
	for (size_t i = 0; i < N_PROVIDERS; i++)
		if (strcmp(providers[i]->name, name) == 0)
			return providers[i];
	return NULL;
}

enum identity_verdict identity_find(const struct identity_context *context, struct identity *out,
				    struct error *err)
{
	const struct conf_list *names = &context->conf->identity;

	for (size_t i = 0; i < names->count; i++) {
		const struct identity_provider *provider = identity_provider_named(names->items[i]);
		struct identity found = {.source = names->items[i]};

		if (provider == NULL) {
			error_set(err, STATUS_INTERNAL, "identity provider '%s' is not built in",
				  names->items[i]);
			return IDENTITY_ERROR;
		}
		found.source = provider->name;
		enum identity_verdict verdict = provider->find(context, &found, err);
		if (verdict == IDENTITY_YES)
			*out = found;
		else
			identity_clear(&found);
		if (verdict != IDENTITY_NONE)
			return verdict;
	}
	return IDENTITY_NONE;
}

void identity_clear(struct identity *identity)
{
	free(identity->user);
	free(identity->display_name);
	free(identity->jid);
	secret_free(identity->session);
	*identity = (struct identity){0};
}
