/*
 * prebindctl gateway …: manages the programs that are allowed to call /rest/adhoc/bosh@DOMAIN. A
 * program's secret is random unless the operator gives a password. A new secret is printed once.
 * Only its hash is stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/name.h"
#include "base/secret.h"
#include "ctl/ctl.h"
#include "password/hash.h"
#include "store/adhoc_caller.h"
#include "xmpp/jid.h"

#define SECRET_BYTES 32 /* bytes of a random password or API key */

/*
 * Checks the name that a program sends with HTTP Basic. A name with an @ must be a bare JID in its
 * prepared form. The store checks a name without an @.
 */
static enum status name_check(const char *name, struct error *err)
{
	struct jid jid = {0};
	char *bare = NULL;

	if (strchr(name, '@') == NULL)
		return STATUS_OK; /* the store will refuse an invalid name */
	enum status status = jid_parse(name, &jid, err);
	if (status == STATUS_OK) {
		bare = jid_bare_text(&jid);
		status = bare != NULL ? STATUS_OK : error_no_memory(err);
	}
	if (status == STATUS_OK && strcmp(bare, name) != 0)
		status =
		    error_set(err, STATUS_BAD_REQUEST, "write the name as the bare JID '%s'", bare);
	free(bare);
	jid_clear(&jid);
	return status;
}

typedef enum status item_prepare(const char *text, char **out, struct error *err);

static enum status domain_prepare(const char *text, char **out, struct error *err)
{
	struct error why = {0};
	enum status status = jid_domain_prepare(text, out, &why);

	return status == STATUS_OK
		   ? status
		   : error_set(err, status, "--domains: \"%s\": %s", text, why.text);
}

static enum status address_prepare(const char *text, char **out, struct error *err)
{
	struct address_net net;
	enum status status = address_net_parse(text, &net, err);

	if (status != STATUS_OK)
		return status;
	*out = strdup(text);
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

/* Prepares each item of "a,b" and joins the items to "a b". The caller frees *out. */
static enum status list_prepare(const char *text, item_prepare *prepare, char **out,
				struct error *err)
{
	struct strbuf list;
	enum status status = STATUS_OK;

	strbuf_init(&list);
	while (status == STATUS_OK && *text != '\0') {
		size_t len = strcspn(text, ",");
		char *item = strndup(text, len);
		char *prepared = NULL;

		status = item != NULL ? prepare(item, &prepared, err) : error_no_memory(err);
		if (status == STATUS_OK)
			strbuf_addf(&list, "%s%s", list.len > 0 ? " " : "", prepared);
		free(prepared);
		free(item);
		text += len + (text[len] == ',');
	}
	if (status == STATUS_OK) {
		*out = strbuf_take(&list);
		status = *out != NULL ? STATUS_OK : error_no_memory(err);
	}
	strbuf_clear(&list);
	return status;
}

/* Makes a random secret. The caller frees *out with secret_free. */
static enum status secret_make(char **out, struct error *err)
{
	unsigned char random[SECRET_BYTES];
	struct strbuf text;

	secret_random(random, sizeof(random));
	strbuf_init_secret(&text);
	codec_base64url(&text, random, sizeof(random));
	secret_wipe(random, sizeof(random));
	*out = strbuf_take(&text);
	strbuf_clear(&text);
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

/*
 * Makes the hash of a caller's password. With --password-stdin, reads the password from standard
 * input. Otherwise makes a random password and sets *made to it, so that it can be printed.
 */
static enum status password_get(const struct ctl *ctl, char hash[SECRET_HASH_MAX], char **made,
				struct error *err)
{
	char *given = NULL;
	enum status status = ctl->password_stdin
				 ? ctl_read_secret(true, "Password", PASSWORD_MAX, &given, err)
				 : secret_make(made, err);

	if (status == STATUS_OK)
		status = secret_password_hash(given != NULL ? given : *made, hash, err);
	secret_free(given);
	return status;
}

/* Prints the new secrets, because they are not shown again. */
static void print_secrets(const char *password, const char *api_key)
{
	if (password != NULL)
		printf("password  %s\n", password);
	if (api_key != NULL)
		printf("api key   %s\n", api_key);
	if (password != NULL || api_key != NULL)
		fputs("prebindctl: store this output now, because it is not shown again\n", stderr);
}

/*
 * Reads the options of a new caller. The caller of this function passes *out to adhoc_caller_clear.
 */
static enum status options_read(const struct ctl *ctl, struct adhoc_caller *out, struct error *err)
{
	const char *addresses = ctl->addresses != NULL ? ctl->addresses : "";
	enum status status = name_check(ctl->argv[0], err);

	if (status == STATUS_OK && (ctl->domains == NULL || ctl->domains[0] == '\0'))
		return error_set(err, STATUS_BAD_REQUEST,
				 "--domains must list at least one domain; the caller can bind "
				 "only users of these domains");
	if (status == STATUS_OK)
		status = list_prepare(ctl->domains, domain_prepare, &out->domains, err);
	if (status == STATUS_OK)
		status = list_prepare(addresses, address_prepare, &out->addresses, err);
	if (status != STATUS_OK)
		return status;
	return name_compose(ctl->argv[0], &out->name, err);
}

int ctl_gateway_add(struct ctl *ctl)
{
	struct adhoc_caller caller = {.created = clock_wall(), .has_api_key = ctl->api_key};
	char hash[SECRET_HASH_MAX];
	char *password = NULL, *api_key = NULL;
	struct error err = {0};

	enum status status = options_read(ctl, &caller, &err);
	if (status == STATUS_OK && ctl->api_key)
		status = secret_make(&api_key, &err);
	if (status == STATUS_OK)
		status = password_get(ctl, hash, &password, &err);
	if (status == STATUS_OK && (caller.password_hash = strdup(hash)) == NULL)
		status = error_no_memory(&err);
	if (status == STATUS_OK && ctl->api_key)
		secret_sha256(caller.api_key_hash, api_key, strlen(api_key));
	if (status == STATUS_OK)
		status = adhoc_caller_add(ctl->store, &caller, &err);
	if (status == STATUS_OK)
		print_secrets(password, api_key);
	secret_free(password);
	secret_free(api_key);
	adhoc_caller_clear(&caller);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

/* Finds the caller by the name as given, or as `gateway add` would spell it. */
static enum status find(const struct ctl *ctl, struct adhoc_caller *out, struct error *err)
{
	const char *name = ctl->argv[0];
	char *composed = NULL;
	enum status status = adhoc_caller_find(ctl->store, name, out, err);

	if (status == STATUS_NOT_FOUND && name_compose(name, &composed, NULL) == STATUS_OK)
		status = adhoc_caller_find(ctl->store, composed, out, err);
	free(composed);
	return status;
}

int ctl_gateway_passwd(struct ctl *ctl)
{
	struct adhoc_caller caller = {0};
	char hash[SECRET_HASH_MAX];
	char *password = NULL;
	struct error err = {0};

	enum status status = find(ctl, &caller, &err);
	if (status == STATUS_OK)
		status = password_get(ctl, hash, &password, &err);
	if (status == STATUS_OK)
		status = adhoc_caller_set_password(ctl->store, caller.name, hash, &err);
	if (status == STATUS_OK)
		print_secrets(password, NULL);
	secret_free(password);
	adhoc_caller_clear(&caller);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

static int set_disabled(struct ctl *ctl, bool disabled)
{
	struct adhoc_caller caller = {0};
	struct error err = {0};

	enum status status = find(ctl, &caller, &err);
	if (status == STATUS_OK)
		status = adhoc_caller_set_disabled(ctl->store, caller.name, disabled, &err);
	adhoc_caller_clear(&caller);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

int ctl_gateway_disable(struct ctl *ctl)
{
	return set_disabled(ctl, true);
}

int ctl_gateway_enable(struct ctl *ctl)
{
	return set_disabled(ctl, false);
}

int ctl_gateway_delete(struct ctl *ctl)
{
	struct adhoc_caller caller = {0};
	struct error err = {0};

	enum status status = find(ctl, &caller, &err);
	if (status == STATUS_OK)
		status = adhoc_caller_delete(ctl->store, caller.name, &err);
	adhoc_caller_clear(&caller);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}

static void add_words(struct json_writer *w, const char *key, const char *text)
{
	json_open_array(w, key);
	for (size_t len; *text != '\0'; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		char *word = strndup(text, len);

		if (word != NULL)
			json_put_string(w, NULL, word);
		else
			w->out->failed = true;
		free(word);
	}
	json_close_array(w);
}

static void add_caller(void *arg, const struct adhoc_caller *caller)
{
	struct ctl_list *list = arg;

	if (!list->json) {
		strbuf_addf(&list->text, "%s  domains %s  addresses %s%s%s\n", caller->name,
			    caller->domains,
			    caller->addresses[0] != '\0' ? caller->addresses : "any",
			    caller->has_api_key ? "  (API key)" : "",
			    caller->disabled ? "  (disabled)" : "");
		return;
	}
	json_open_object(&list->w, NULL);
	json_put_string(&list->w, "name", caller->name);
	add_words(&list->w, "domains", caller->domains);
	add_words(&list->w, "addresses", caller->addresses);
	json_put_bool(&list->w, "api_key", caller->has_api_key);
	json_put_bool(&list->w, "disabled", caller->disabled);
	json_put_integer(&list->w, "created", caller->created);
	json_close_object(&list->w);
}

int ctl_gateway_list(struct ctl *ctl)
{
	struct error err = {0};
	struct ctl_list list;

	ctl_list_begin(ctl, &list);
	enum status status = adhoc_caller_list(ctl->store, add_caller, &list, &err);
	return ctl_list_end(ctl, &list, status, &err);
}
