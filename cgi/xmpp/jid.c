/*
 * Parses, builds and compares JIDs. jid_prepare.c prepares a part; jid_name.c makes a localpart
 * from a name; account/jid_rule.c decides who owns a JID.
 */
#include <stdlib.h>
#include <string.h>

#include "xmpp/jid.h"
#include "xmpp/jid_prepare.h"

#define QUOTE_MAX 100 /* bytes of a JID in an error text */

/* ---- one part ---- */

static enum status prepare_dup(enum jid_part part, const char *text, char **out, struct error *err)
{
	struct jid_prepared prepared;
	enum status status = jid_part_prepare(part, text, strlen(text), &prepared, err);

	if (status != STATUS_OK)
		return status;
	char *copy = strdup(prepared.text);
	if (copy == NULL)
		return error_no_memory(err);
	*out = copy;
	return STATUS_OK;
}

enum status jid_localpart_prepare(const char *localpart, char **out, struct error *err)
{
	return prepare_dup(JID_LOCALPART, localpart, out, err);
}

enum status jid_domain_prepare(const char *domain, char **out, struct error *err)
{
	return prepare_dup(JID_DOMAIN, domain, out, err);
}

/* ---- whole JIDs ---- */

/* A part of a JID before preparation, inside a longer string; not terminated by NUL. */
struct written {
	const char *text;
	size_t len;
};

static char *put(char *at, const struct jid_prepared *part)
{
	return (char *)mempcpy(at, part->text, part->len + 1);
}

/* Puts all three parts into one allocation, because every request makes and frees some JIDs. */
static enum status gather(const struct jid_prepared parts[JID_PARTS], struct jid *out,
			  struct error *err)
{
	struct jid jid;
	size_t size = parts[JID_LOCALPART].len + parts[JID_DOMAIN].len + parts[JID_RESOURCE].len;

	jid.localpart = malloc(size + JID_PARTS);
	if (jid.localpart == NULL)
		return error_no_memory(err);
	jid.domain = put(jid.localpart, &parts[JID_LOCALPART]);
	jid.resource = put(jid.domain, &parts[JID_DOMAIN]);
	put(jid.resource, &parts[JID_RESOURCE]);
	*out = jid;
	return STATUS_OK;
}

static enum status make(const struct written written[JID_PARTS], struct jid *out, struct error *err)
{
	struct jid_prepared parts[JID_PARTS];
	enum status status = STATUS_OK;

	parts[JID_RESOURCE].len = 0; /* the resource is the only part that can be missing */
	parts[JID_RESOURCE].text[0] = '\0';
	for (enum jid_part i = 0; i < JID_PARTS && status == STATUS_OK; i++)
		if (i != JID_RESOURCE || written[i].len > 0)
			status =
			    jid_part_prepare(i, written[i].text, written[i].len, &parts[i], err);
	return status == STATUS_OK ? gather(parts, out, err) : status;
}

enum status jid_make(const char *localpart, const char *domain, const char *resource,
		     struct jid *out, struct error *err)
{
	const struct written written[JID_PARTS] = {
	    [JID_LOCALPART] = {localpart, strlen(localpart)                      },
	    [JID_DOMAIN] = {domain,    strlen(domain)                         },
	    [JID_RESOURCE] = {resource,  resource != NULL ? strlen(resource) : 0},
	};

	return make(written, out, err);
}

/* RFC 6122, 2.1: the first '/' begins the resource; before it, the first '@' ends the localpart. */
static enum status split(const char *text, struct written out[JID_PARTS], struct error *err)
{
	const char *slash = strchrnul(text, '/');
	const char *at = memchr(text, '@', (size_t)(slash - text));

	if (at == NULL)
		return jid_part_refuse(JID_LOCALPART,
				       "is missing: a domain alone is not an account", err);
	out[JID_LOCALPART] = (struct written){text, (size_t)(at - text)};
	out[JID_DOMAIN] = (struct written){at + 1, (size_t)(slash - at - 1)};
	out[JID_RESOURCE] = (struct written){slash, 0};
	if (slash[0] == '\0')
		return STATUS_OK;
	out[JID_RESOURCE] = (struct written){slash + 1, strlen(slash + 1)};
	return out[JID_RESOURCE].len > 0 ? STATUS_OK
					 : jid_part_refuse(JID_RESOURCE, "is empty", err);
}

enum status jid_parse(const char *text, struct jid *out, struct error *err)
{
	struct written written[JID_PARTS];
	struct error why;
	enum status status = split(text, written, &why);

	if (status == STATUS_OK)
		status = make(written, out, &why);
	if (status == STATUS_OK)
		return STATUS_OK;
	return error_set(err, status, "\"%.*s\" is not a JID: %s", QUOTE_MAX, text, why.text);
}

void jid_clear(struct jid *jid)
{
	free(jid->localpart);
	*jid = (struct jid){0};
}

static char *join(const struct jid *jid, const char *slash, const char *resource)
{
	const char *const parts[] = {jid->localpart, "@", jid->domain, slash, resource};
	const size_t n = sizeof(parts) / sizeof(parts[0]);
	size_t size = 1;

	for (size_t i = 0; i < n; i++)
		size += strlen(parts[i]);
	char *text = malloc(size), *end = text;
	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		end = mempcpy(end, parts[i], strlen(parts[i]));
	*end = '\0';
	return text;
}

char *jid_bare_text(const struct jid *jid)
{
	return join(jid, "", "");
}

char *jid_text(const struct jid *jid)
{
	return join(jid, jid->resource[0] == '\0' ? "" : "/", jid->resource);
}

bool jid_same_bare(const struct jid *a, const struct jid *b)
{
	return strcmp(a->localpart, b->localpart) == 0 && strcmp(a->domain, b->domain) == 0;
}

static bool part_is(enum jid_part part, struct written written, const char *prepared)
{
	struct jid_prepared other;

	return jid_part_prepare(part, written.text, written.len, &other, NULL) == STATUS_OK &&
	       strcmp(other.text, prepared) == 0;
}

bool jid_text_is(const char *text, const struct jid *jid)
{
	struct written written[JID_PARTS];

	return split(text, written, NULL) == STATUS_OK &&
	       part_is(JID_LOCALPART, written[JID_LOCALPART], jid->localpart) &&
	       part_is(JID_DOMAIN, written[JID_DOMAIN], jid->domain);
}

bool jid_localpart_is(const char *localpart, const struct jid *jid)
{
	return part_is(JID_LOCALPART, (struct written){localpart, strlen(localpart)},
		       jid->localpart);
}
