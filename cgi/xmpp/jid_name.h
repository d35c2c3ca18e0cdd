/*
 * Turns site users' names into localparts, with the escapes of XEP-0106, or in a form of our own
 * for characters that no localpart can hold. Pure. No two names become one localpart, and each
 * localpart leads back to its name.
 */
#ifndef XMPP_JID_NAME_H
#define XMPP_JID_NAME_H

#include "base/error.h"
#include "xmpp/jid.h"

enum jid_name_form {
	/*
	 * XEP-0106 escapes for characters that a localpart cannot hold: space " & ' / : < > @ and \
	 * if it would read as an escape. Refused: a name that Nodeprep would change ("Bob") or
	 * refuse, and invisible characters.
	 */
	JID_NAME_PLAIN,
	/*
	 * The plain form of the name in lower case. Names that differ only by case are the same
	 * user.
	 */
	JID_NAME_LOWER,
	/*
	 * The plain form if it is not refused. Otherwise the refused characters are written as
	 * "\u", hexadecimal numbers separated by ".", and ";". If Nodeprep would still change the
	 * result, every character beyond ASCII is written so. Only a name that is empty or too long
	 * is refused.
	 */
	JID_NAME_SAFE
};

/* STATUS_BAD_REQUEST: the sentence gives the reason. The caller frees *out. */
enum status jid_localpart_from_name(const char *name, enum jid_name_form form, char **out,
				    struct error *err);

/*
 * The reverse: returns the name from which this prepared localpart was made (in lower case for
 * JID_NAME_LOWER). A localpart that was not made from a name also gives one. To find out, make the
 * localpart from that name and compare the two. The caller frees *out.
 */
enum status jid_name_from_localpart(const char *localpart, enum jid_name_form form, char **out,
				    struct error *err);

#endif
