/*
 * Prepares and checks each part of a JID separately, in the caller's buffer. Internal to xmpp/;
 * other code uses jid.h.
 */
#ifndef XMPP_JID_PREPARE_H
#define XMPP_JID_PREPARE_H

#include <stddef.h>

#include "xmpp/jid.h"

enum jid_part { JID_LOCALPART, JID_DOMAIN, JID_RESOURCE, JID_PARTS };

struct jid_prepared {
	size_t len;
	char text[JID_PART_MAX + 1];
};

/*
 * text has len bytes and no NUL. If the status is STATUS_BAD_REQUEST, err->text names the part and
 * the reason, and the content of *out is undefined.
 */
enum status jid_part_prepare(enum jid_part part, const char *text, size_t len,
			     struct jid_prepared *out, struct error *err);

/* Returns STATUS_BAD_REQUEST with an error text such as "the localpart WHY". */
enum status jid_part_refuse(enum jid_part part, const char *why, struct error *err);

#endif
