/*
 * Prepares one part of a JID with its stringprep profile (RFC 6122, 2), to compare JIDs as the XMPP
 * server does. Unassigned code points are refused, because each server treats them by its own
 * Unicode version. No other file uses libidn. jid.c handles whole JIDs.
 */
#include <idna.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

#include "base/codec.h"
#include "xmpp/jid_prepare.h"

#define LABEL_MAX 63 /* RFC 1035, 2.3.4 */

static const struct profile {
	const char *name; /* name of the part, for error texts */
	const Stringprep_profile *stringprep;
	/* The rules of the profiles for ASCII (RFC 3454, tables B.2, C.1.1, C.2.1; RFC 6122, A). */
	bool lower_case;
	bool no_control;
	const char *prohibited; /* prohibited characters; all are below 'A' */
} profiles[] = {
    [JID_LOCALPART] =
	{
			 .name = "localpart",
			 .stringprep = stringprep_xmpp_nodeprep,
			 .lower_case = true,
			 .no_control = true,
			 .prohibited = " \"&'/:<>@",
			 },
    [JID_DOMAIN] =
	{
			 .name = "domain",
			 .stringprep = stringprep_nameprep,
			 .lower_case = true,
			 .prohibited = "",
			 },
    [JID_RESOURCE] =
	{
			 .name = "resource",
			 .stringprep = stringprep_xmpp_resourceprep,
			 .no_control = true,
			 .prohibited = "",
			 },
};

enum status jid_part_refuse(enum jid_part part, const char *why, struct error *err)
{
	return error_set(err, STATUS_BAD_REQUEST, "the %s %s", profiles[part].name, why);
}

/* ---- stringprep ---- */

static enum status refuse_prepared(enum jid_part part, int rc, struct error *err)
{
	switch (rc) {
	case STRINGPREP_CONTAINS_UNASSIGNED:
		return jid_part_refuse(part, "has a character that is not in Unicode 3.2", err);
	case STRINGPREP_CONTAINS_PROHIBITED:
		return jid_part_refuse(
		    part, "has a character that is not allowed in this part of a JID", err);
	case STRINGPREP_BIDI_BOTH_L_AND_RAL:
	case STRINGPREP_BIDI_LEADTRAIL_NOT_RAL:
	case STRINGPREP_BIDI_CONTAINS_PROHIBITED:
		return jid_part_refuse(part, "mixes writing directions", err);
	case STRINGPREP_TOO_SMALL_BUFFER:
		return jid_part_refuse(part, "is longer than 1023 bytes when prepared", err);
	case STRINGPREP_MALLOC_ERROR:
	case STRINGPREP_ICONV_ERROR: /* if the text is UTF-8, both codes mean lack of memory */
	case STRINGPREP_NFKC_FAILED:
		return error_no_memory(err);
	default:
		return jid_part_refuse(part, stringprep_strerror((Stringprep_rc)rc), err);
	}
}

static bool is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x80)
		text++;
	return *text == '\0';
}

static bool ascii_prohibits(const struct profile *profile, char c)
{
	if (c < ' ' || c == '\x7f')
		return profile->no_control;
	return c <= '@' && strchr(profile->prohibited, c) != NULL;
}

/*
 * Prepares an ASCII text without libidn, to save time. Nearly every name is ASCII, and libidn would
 * search all its tables for each name.
 */
static int ascii_prepare(const struct profile *profile, char *text)
{
	for (char *p = text; *p != '\0'; p++) {
		if (ascii_prohibits(profile, *p))
			return STRINGPREP_CONTAINS_PROHIBITED;
		if (profile->lower_case && *p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	return STRINGPREP_OK;
}

/*
 * The length is checked before preparation too, to limit the work. Preparation can shorten a text,
 * but no valid JID needs a longer input.
 */
static enum status stringprep_part(enum jid_part part, const char *text, size_t len,
				   struct jid_prepared *out, struct error *err)
{
	const struct profile *profile = &profiles[part];

	if (len == 0)
		return jid_part_refuse(part, "is empty", err);
	if (len > JID_PART_MAX)
		return jid_part_refuse(part, "is longer than 1023 bytes", err);
	memcpy(out->text, text, len);
	out->text[len] = '\0';
	bool ascii = is_ascii(out->text);
	if (!ascii && !utf8_valid(text, len))
		return jid_part_refuse(part, "is not UTF-8", err);
	int rc = ascii ? ascii_prepare(profile, out->text)
		       : stringprep(out->text, sizeof(out->text), STRINGPREP_NO_UNASSIGNED,
				    profile->stringprep);
	if (rc != STRINGPREP_OK)
		return refuse_prepared(part, rc, err);
	out->len = ascii ? len : strlen(out->text);
	if (out->len == 0)
		return jid_part_refuse(part, "has only characters that stringprep removes", err);
	return STATUS_OK;
}

/* ---- checks that stringprep does not make ---- */

/* XEP-0106, 4.1: an escaped space must not begin or end a localpart. */
static const char *localpart_problem(const struct jid_prepared *localpart)
{
	static const char space[] = "\\20";
	const size_t n = sizeof(space) - 1;

	if (localpart->len < n || (memcmp(localpart->text, space, n) != 0 &&
				   memcmp(localpart->text + localpart->len - n, space, n) != 0))
		return NULL;
	return "begins or ends with a space";
}

static bool is_letter_digit_hyphen(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static const char *label_problem(const char *label, size_t len)
{
	if (len == 0)
		return "has an empty label: two dots in a row, or a dot at an end";
	if (label[0] == '-' || label[len - 1] == '-')
		return "has a label that begins or ends with a hyphen";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)label[i] < 0x80 &&
		    !is_letter_digit_hyphen((unsigned char)label[i]))
			return "has a character other than letters, digits, hyphens and dots";
	return NULL;
}

static bool idna_knows(const char *domain)
{
	char *ascii = NULL;
	int rc = idna_to_ascii_8z(domain, &ascii, IDNA_USE_STD3_ASCII_RULES);

	free(ascii);
	return rc == IDNA_SUCCESS;
}

/*
 * Returns why the domain is not a host name (RFC 1123, 2.1), or NULL if it is one. An IP literal in
 * brackets is refused.
 */
static const char *domain_problem(const char *domain)
{
	static const char ideographic_full_stop[] = "\xe3\x80\x82"; /* IDNA treats it as a dot */
	const char *label = domain;
	const char *problem;
	bool ascii = is_ascii(domain);
	size_t longest = 0;

	if (!ascii && strstr(domain, ideographic_full_stop) != NULL)
		return "has a character that looks like a dot";
	for (;;) {
		size_t len = strcspn(label, ".");

		problem = label_problem(label, len);
		if (problem != NULL)
			return problem;
		longest = len > longest ? len : longest;
		if (label[len] == '\0')
			break;
		label += len + 1;
	}
	return (ascii ? longest <= LABEL_MAX : idna_knows(domain))
		   ? NULL
		   : "has a label that is not valid in DNS (over 63 bytes, or not an IDN)";
}

enum status jid_part_prepare(enum jid_part part, const char *text, size_t len,
			     struct jid_prepared *out, struct error *err)
{
	const char *problem = NULL;
	enum status status = stringprep_part(part, text, len, out, err);

	if (status != STATUS_OK)
		return status;
	if (part == JID_LOCALPART)
		problem = localpart_problem(out);
	else if (part == JID_DOMAIN)
		problem = domain_problem(out->text);
	return problem == NULL ? STATUS_OK : jid_part_refuse(part, problem, err);
}
