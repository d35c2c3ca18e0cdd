/*
 * JIDs (RFC 6122: stringprep, as the servers we talk to compare them): building, parsing and
 * comparing. Pure.
 */
#ifndef XMPP_JID_H
#define XMPP_JID_H

#include <stdbool.h>

#include "base/error.h"

#define JID_PART_MAX 1023 /* bytes of each part, RFC 6122 2.1 */
#define JID_MAX      (3 * JID_PART_MAX + 2)

struct jid {
	char *localpart; /* prepared, as all; never empty. Owned: one block that holds all three */
	char *domain;
	char *resource; /* "" for a bare JID */
};

/* STATUS_BAD_REQUEST says which part is wrong and why. The caller clears *out. */
enum status jid_parse(const char *text, struct jid *out, struct error *err);

/*
 * From parts, as jid_parse; the localpart is taken as it is (already escaped). resource "" or NULL:
 * bare.
 */
enum status jid_make(const char *localpart, const char *domain, const char *resource,
		     struct jid *out, struct error *err);
void jid_clear(struct jid *jid); /* takes a zeroed one */

/* A localpart prepared with Nodeprep, and a domain with Nameprep; the caller frees *out. */
enum status jid_localpart_prepare(const char *localpart, char **out, struct error *err);
enum status jid_domain_prepare(const char *domain, char **out, struct error *err);

/* "localpart@domain" and "localpart@domain/resource"; the caller frees; NULL: out of memory. */
char *jid_bare_text(const struct jid *jid);
char *jid_text(const struct jid *jid);

/* Same account, whatever the resources. */
bool jid_same_bare(const struct jid *a, const struct jid *b);

/*
 * The same of a JID, or a localpart, as it is written: compared as it would be prepared, without a
 * copy. What cannot be prepared is nobody's.
 */
bool jid_text_is(const char *text, const struct jid *jid);
bool jid_localpart_is(const char *localpart, const struct jid *jid);

#endif
