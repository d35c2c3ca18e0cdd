/*
 * Turns site users' names into localparts. It uses the escapes of XEP-0106, or a form of our own
 * for characters that no localpart can hold. Two names never become the same localpart, and each
 * localpart can be turned back into its name. Pure.
 */
#ifndef XMPP_JID_NAME_H
#define XMPP_JID_NAME_H

#include "base/error.h"
#include "xmpp/jid.h"

enum jid_name_form {
	/*
	 * Uses XEP-0106 escapes for space " & ' / : < > @ because a localpart cannot hold these
	 * characters. Also escapes a backslash that would read as the start of an escape. Refuses a
	 * name that Nodeprep would change ("Bob") or refuse, and a name with invisible characters.
	 */
	JID_NAME_PLAIN,
	/*
	 * The plain form of the name in lower case. Names that differ only by case are the same
	 * user.
	 */
	JID_NAME_LOWER,
	/*
	 * The plain form if the plain form accepts the name. Otherwise the refused characters are
	 * written as hexadecimal numbers, such as "\u41.42;". If Nodeprep would still change the
	 * result, every character beyond ASCII is written in this way. Only a name that is empty or
	 * too long is refused.
	 */
	JID_NAME_SAFE
};

/* If the status is STATUS_BAD_REQUEST, err->text gives the reason. The caller frees *out. */
enum status jid_localpart_from_name(const char *name, enum jid_name_form form, char **out,
				    struct error *err);

/*
 * The reverse of jid_localpart_from_name: returns the name from which this prepared localpart was
 * made (in lower case for JID_NAME_LOWER). Also returns a name for a localpart that was not made
 * from a name. To detect such a localpart, make the localpart of the returned name and compare the
 * two localparts. The caller frees *out.
 */
enum status jid_name_from_localpart(const char *localpart, enum jid_name_form form, char **out,
				    struct error *err);

#endif
