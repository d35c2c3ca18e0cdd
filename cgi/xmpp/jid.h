/*
 * Builds, parses and compares JIDs by RFC 6122 (stringprep), as XMPP servers do. Pure.
 */
#ifndef XMPP_JID_H
#define XMPP_JID_H

#include <stdbool.h>

#include "base/error.h"

#define JID_PART_MAX 1023 /* bytes of each part (RFC 6122, 2.1) */
#define JID_MAX      (3 * JID_PART_MAX + 2)

struct jid {
	char *localpart; /* owned; domain and resource are in the same block; never empty */
	char *domain;
	char *resource; /* "" for a bare JID */
};

/*
 * If the status is STATUS_BAD_REQUEST, err->text names the part and the reason. The caller clears
 * *out.
 */
enum status jid_parse(const char *text, struct jid *out, struct error *err);

/*
 * Builds a JID from parts. Errors and ownership are as for jid_parse. localpart must already be
 * escaped. If resource is "" or NULL, the JID is bare.
 */
enum status jid_make(const char *localpart, const char *domain, const char *resource,
		     struct jid *out, struct error *err);
void jid_clear(struct jid *jid); /* a zeroed struct is allowed */

/* Prepares a localpart with Nodeprep, a domain with Nameprep. The caller frees *out. */
enum status jid_localpart_prepare(const char *localpart, char **out, struct error *err);
enum status jid_domain_prepare(const char *domain, char **out, struct error *err);

/*
 * jid_bare_text returns "localpart@domain", jid_text returns "localpart@domain/resource". Both
 * return NULL if out of memory. The caller frees the result.
 */
char *jid_bare_text(const struct jid *jid);
char *jid_text(const struct jid *jid);

/* True for the same account; resources are ignored. */
bool jid_same_bare(const struct jid *a, const struct jid *b);

/*
 * jid_text_is returns true if `text` is a JID of the same account as `jid`; `text` need not be
 * prepared. jid_localpart_is compares only the localparts. Both functions allocate nothing. A
 * string that cannot be prepared never matches.
 */
bool jid_text_is(const char *text, const struct jid *jid);
bool jid_localpart_is(const char *localpart, const struct jid *jid);

#endif
