/*
 * Site users' names as localparts (XEP-0106, and a form of our own for what no localpart can hold).
 * Pure. No two names become one localpart, and each localpart leads back to its name.
 */
#ifndef XMPP_JID_NAME_H
#define XMPP_JID_NAME_H

#include "base/error.h"
#include "xmpp/jid.h"

enum jid_name_form {
	/*
	 * XEP-0106 escapes for what a localpart cannot hold: space " & ' / : < > @ and, where it
	 * would read as an escape, \. Refused: what Nodeprep would change ("Bob") or refuses, and
	 * characters that nobody can see.
	 */
	JID_NAME_PLAIN,
	/* That, of the name in small letters: names that differ by case only are one. */
	JID_NAME_LOWER,
	/*
	 * That of the plain form where it is not refused, else with the characters in question as
	 * "\u", their numbers in hexadecimal digits with "." between them, and ";". Where Nodeprep
	 * would still change the whole, every character beyond ASCII is written so. Only an empty
	 * name, and one that would be too long, is refused.
	 */
	JID_NAME_SAFE
};

/* STATUS_BAD_REQUEST says why not. The caller frees *out. */
enum status jid_localpart_from_name(const char *name, enum jid_name_form form, char **out,
				    struct error *err);

/*
 * The way back: the name, in JID_NAME_LOWER in small letters, that this prepared localpart was made
 * of. Whoever relies on it makes the localpart again and compares. The caller frees *out.
 */
enum status jid_name_from_localpart(const char *localpart, enum jid_name_form form, char **out,
				    struct error *err);

#endif
