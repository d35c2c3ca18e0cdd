/*
 * Checks the credentials of a caller. A cache avoids running argon2 again for a password that was
 * correct before.
 */
#include "page/caller.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/secret.h"
#include "password/password.h"

#define NETWORK_MAX 64 /* in bytes, with the NUL; an IPv6 address with a prefix length takes 43 */

struct caller_cache {
	pthread_mutex_t lock;
	unsigned char key[SECRET_KEY_LEN];
	unsigned char macs[CALLER_CACHE_MAX][SECRET_SHA256_LEN];
	size_t count;
	size_t oldest; /* the entry to replace when the cache is full */
};

/* ---- the cache ---- */

enum status caller_cache_new(struct caller_cache **out, struct error *err)
{
	struct caller_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return error_no_memory(err);
	pthread_mutex_init(&cache->lock, NULL);
	secret_random(cache->key, sizeof(cache->key));
	*out = cache;
	return STATUS_OK;
}

void caller_cache_free(struct caller_cache *cache)
{
	if (cache == NULL)
		return;
	pthread_mutex_destroy(&cache->lock);
	secret_wipe(cache, sizeof(*cache));
	free(cache);
}

/*
 * Computes the HMAC. It includes the NUL after each string except the last, so that ("a", "bc") and
 * ("ab", "c") give different results. The strings themselves cannot contain a NUL.
 */
static void mac_make(const struct caller_cache *cache, const struct adhoc_caller *caller,
		     const char *password, unsigned char out[SECRET_SHA256_LEN])
{
	const struct secret_part parts[] = {
	    {caller->name,          strlen(caller->name) + 1         },
	    {caller->password_hash, strlen(caller->password_hash) + 1},
	    {password,              strlen(password)                 },
	};

	secret_hmac(out, cache->key, parts, sizeof(parts) / sizeof(parts[0]));
}

bool caller_cache_holds(struct caller_cache *cache, const struct adhoc_caller *caller,
			const char *password)
{
	unsigned char mac[SECRET_SHA256_LEN];
	bool found = false;

	mac_make(cache, caller, password, mac);
	pthread_mutex_lock(&cache->lock);
	/* compare all entries, so that the time does not reveal which entry matches */
	for (size_t i = 0; i < cache->count; i++)
		found |= secret_equal(cache->macs[i], mac, sizeof(mac));
	pthread_mutex_unlock(&cache->lock);
	return found;
}

void caller_cache_add(struct caller_cache *cache, const struct adhoc_caller *caller,
		      const char *password)
{
	unsigned char mac[SECRET_SHA256_LEN];

	mac_make(cache, caller, password, mac);
	pthread_mutex_lock(&cache->lock);
	size_t at = cache->count < CALLER_CACHE_MAX ? cache->count++ : cache->oldest;
	memcpy(cache->macs[at], mac, sizeof(mac));
	cache->oldest = (at + 1) % CALLER_CACHE_MAX;
	pthread_mutex_unlock(&cache->lock);
}

/* ---- the check ---- */

/*
 * Reads the caller again after the slow password check. Refuses a caller that was disabled, or
 * whose password was changed, during the check.
 */
static enum status caller_again(struct store *store, struct adhoc_caller *caller, struct error *err)
{
	struct adhoc_caller now = {0};
	enum status status = adhoc_caller_find(store, caller->name, &now, err);

	if (status == STATUS_NOT_FOUND ||
	    (status == STATUS_OK &&
	     (now.disabled || strcmp(now.password_hash, caller->password_hash) != 0)))
		status = error_set(
		    err, STATUS_BAD_CREDENTIALS,
		    "the gateway caller was changed during the password check; repeat the call");
	if (status != STATUS_OK) {
		adhoc_caller_clear(&now);
		return status;
	}
	adhoc_caller_clear(caller);
	*caller = now;
	return STATUS_OK;
}

/*
 * Checks the password. For an unknown or disabled caller this takes as long as for a wrong
 * password.
 */
static enum status password_check(struct caller_cache *cache, struct store *store,
				  struct adhoc_caller *caller, const char *password,
				  struct error *err)
{
	if (caller->name == NULL || caller->disabled)
		return password_verify(NULL, password, err);
	if (caller_cache_holds(cache, caller, password))
		return STATUS_OK;
	enum status status = password_verify(caller->password_hash, password, err);
	if (status == STATUS_OK)
		status = caller_again(store, caller, err);
	if (status == STATUS_OK)
		caller_cache_add(cache, caller, password);
	return status;
}

/*
 * True if the API key is right. If the caller has no API key, any key in the call is ignored, as in
 * Tigase.
 */
static bool api_key_holds(const struct adhoc_caller *caller, const char *api_key)
{
	unsigned char hash[SECRET_SHA256_LEN];

	if (!caller->has_api_key)
		return true;
	if (api_key == NULL)
		return false;
	secret_sha256(hash, api_key, strlen(api_key));
	return secret_equal(hash, caller->api_key_hash, sizeof(hash));
}

/* A word in a list that is separated by spaces. It points into the list and is not copied. */
struct word {
	const char *text; /* NULL at the end of the list */
	size_t len;
};

static struct word next_word(const char **list)
{
	struct word word = {.text = *list + strspn(*list, " ")};

	word.len = strcspn(word.text, " ");
	*list = word.text + word.len;
	if (word.len == 0)
		word.text = NULL;
	return word;
}

/*
 * True if the word is a network that contains the address. False if the word is not a valid
 * network.
 */
static bool network_has(struct word word, const char *address)
{
	char text[NETWORK_MAX];
	struct address_net net;

	if (word.len >= sizeof(text))
		return false;
	memcpy(text, word.text, word.len);
	text[word.len] = '\0';
	return address_net_parse(text, &net, NULL) == STATUS_OK && address_in_net(address, &net);
}

static bool address_is_allowed(const struct adhoc_caller *caller, const char *address)
{
	const char *list = caller->addresses;
	bool allowed = list[0] == '\0';
	struct word word;

	while (!allowed && (word = next_word(&list)).text != NULL)
		allowed = network_has(word, address);
	return allowed;
}

bool caller_has_domain(const struct adhoc_caller *caller, const char *domain)
{
	const char *list = caller->domains;
	bool found = false;
	struct word word;

	while (!found && (word = next_word(&list)).text != NULL)
		found = strlen(domain) == word.len && memcmp(word.text, domain, word.len) == 0;
	return found;
}

static enum status claim_check(struct caller_cache *cache, struct store *store,
			       const struct caller_claim *claim, struct adhoc_caller *caller,
			       struct error *err)
{
	enum status status = password_check(cache, store, caller, claim->password, err);

	if (status == STATUS_BAD_CREDENTIALS && caller->disabled)
		error_set(err, status, "the gateway caller is disabled");
	if (status == STATUS_OK && !api_key_holds(caller, claim->api_key))
		status = error_set(err, STATUS_FORBIDDEN,
				   claim->api_key == NULL ? "an API key is required"
							  : "the API key is wrong");
	if (status == STATUS_OK && !address_is_allowed(caller, claim->address))
		status = error_set(err, STATUS_FORBIDDEN, "calls from %s are not allowed",
				   claim->address);
	return status;
}

enum status caller_authenticate(struct caller_cache *cache, struct store *store,
				const struct caller_claim *claim, struct adhoc_caller *out,
				struct error *err)
{
	struct adhoc_caller caller = {0};
	enum status status = adhoc_caller_find(store, claim->name, &caller, err);

	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	status = claim_check(cache, store, claim, &caller, err);
	if (status == STATUS_OK)
		*out = caller;
	else
		adhoc_caller_clear(&caller);
	return status;
}
