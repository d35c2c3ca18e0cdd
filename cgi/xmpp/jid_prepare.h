/*
 * The parts of a JID, each prepared and checked for itself, in a buffer of the caller's. Internal
 * to xmpp/: jid.h has what others need.
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
 * text: len bytes without a NUL. STATUS_BAD_REQUEST says what is wrong with that part; *out then
 * holds anything.
 */
enum status jid_part_prepare(enum jid_part part, const char *text, size_t len,
			     struct jid_prepared *out, struct error *err);

/* STATUS_BAD_REQUEST, "the localpart WHY". */
enum status jid_part_refuse(enum jid_part part, const char *why, struct error *err);

#endif
