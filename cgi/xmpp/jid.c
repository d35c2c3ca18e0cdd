/*
 * JIDs: each part is prepared with its stringprep profile (RFC 6122, 2) before anything looks at
 * it, so that what is compared here is what the XMPP server compares. Unassigned code points are
 * refused everywhere: what a server makes of them depends on its Unicode version. Not here: which
 * JID belongs to which user (identity/jid_rule.c).
 */
#include <idna.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>
#include <wctype.h>

#include "base/codec.h"
#include "base/strbuf.h"
#include "xmpp/jid.h"

#define QUOTE_MAX 100 /* bytes of a JID that an error sentence repeats */
#define LABEL_MAX 63  /* RFC 1035, 2.3.4 */

struct part {
	const char *name;
	const char *profile; /* libidn's name of it */
	/* What the profile comes to in ASCII (RFC 3454, tables B.2, C.1.1, C.2.1; RFC 6122, A). */
	bool lower_case;
	bool no_control;
	const char *prohibited; /* none of them behind '@' */
};

static const struct part localpart_part = {
    .name = "localpart",
    .profile = "Nodeprep",
    .lower_case = true,
    .no_control = true,
    .prohibited = " \"&'/:<>@",
};
static const struct part domain_part = {
    .name = "domain",
    .profile = "Nameprep",
    .lower_case = true,
    .prohibited = "",
};
static const struct part resource_part = {
    .name = "resource",
    .profile = "Resourceprep",
    .no_control = true,
    .prohibited = "",
};

/* ---- one part ---- */

static enum status refuse(const struct part *part, const char *why, struct error *err)
{
	return error_set(err, STATUS_BAD_REQUEST, "the %s %s", part->name, why);
}

static enum status refuse_prepared(const struct part *part, int rc, struct error *err)
{
	switch (rc) {
	case STRINGPREP_CONTAINS_UNASSIGNED:
		return refuse(part, "has a character that Unicode 3.2 does not know", err);
	case STRINGPREP_CONTAINS_PROHIBITED:
		return refuse(part, "has a character that is not allowed there", err);
	case STRINGPREP_BIDI_BOTH_L_AND_RAL:
	case STRINGPREP_BIDI_LEADTRAIL_NOT_RAL:
	case STRINGPREP_BIDI_CONTAINS_PROHIBITED:
		return refuse(part, "mixes writing directions", err);
	case STRINGPREP_MALLOC_ERROR:
		return error_no_memory(err);
	default:
		return refuse(part, stringprep_strerror((Stringprep_rc)rc), err);
	}
}

static bool is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x80)
		text++;
	return *text == '\0';
}

static bool ascii_prohibits(const struct part *part, char c)
{
	if (c < ' ' || c == '\x7f')
		return part->no_control;
	return c <= '@' && strchr(part->prohibited, c) != NULL;
}

/* Nearly every name is ASCII, and libidn works through all its tables for each. */
static int ascii_prepare(const struct part *part, const char *text, char **out)
{
	char *prepared = strdup(text);

	if (prepared == NULL)
		return STRINGPREP_MALLOC_ERROR;
	for (char *p = prepared; *p != '\0'; p++) {
		if (ascii_prohibits(part, *p)) {
			free(prepared);
			return STRINGPREP_CONTAINS_PROHIBITED;
		}
		if (part->lower_case && *p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	*out = prepared;
	return STRINGPREP_OK;
}

/*
 * The length is checked before, too: preparation may shorten a text, but nobody needs a part that
 * is over the limit as it is written, and the work stays bounded.
 */
static enum status part_prepare(const struct part *part, const char *text, char **out,
				struct error *err)
{
	size_t len = strlen(text);
	char *prepared = NULL;
	int rc;

	if (len == 0)
		return refuse(part, "is empty", err);
	if (len > JID_PART_MAX)
		return refuse(part, "is longer than 1023 bytes", err);
	bool ascii = is_ascii(text);
	if (!ascii && !utf8_valid(text, len))
		return refuse(part, "is not UTF-8", err);
	rc = ascii ? ascii_prepare(part, text, &prepared)
		   : stringprep_profile(text, &prepared, part->profile, STRINGPREP_NO_UNASSIGNED);
	if (rc != STRINGPREP_OK)
		return refuse_prepared(part, rc, err);
	len = strlen(prepared);
	if (len == 0 || len > JID_PART_MAX) {
		free(prepared);
		return refuse(part,
			      len == 0 ? "has only characters that preparation takes out"
				       : "is longer than 1023 bytes when prepared",
			      err);
	}
	*out = prepared;
	return STATUS_OK;
}

/* XEP-0106, 4.1: an escaped space neither begins nor ends a localpart. */
enum status jid_localpart_prepare(const char *localpart, char **out, struct error *err)
{
	static const char space[] = "\\20";
	const size_t n = sizeof space - 1;
	char *prepared = NULL;
	enum status status = part_prepare(&localpart_part, localpart, &prepared, err);

	if (status != STATUS_OK)
		return status;
	if (strncmp(prepared, space, n) == 0 ||
	    (strlen(prepared) >= n && strcmp(prepared + strlen(prepared) - n, space) == 0)) {
		free(prepared);
		return refuse(&localpart_part, "begins or ends with a space", err);
	}
	*out = prepared;
	return STATUS_OK;
}

/* ---- domain ---- */

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

/* A host name, RFC 1123, 2.1; an IP literal in brackets is none. NULL: nothing is wrong with it. */
static const char *domain_problem(const char *domain)
{
	static const char ideographic_full_stop[] = "\xe3\x80\x82"; /* IDNA reads it as a dot */
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
		   : "has a label that DNS cannot hold (over 63 bytes, or not an IDN)";
}

enum status jid_domain_prepare(const char *domain, char **out, struct error *err)
{
	char *prepared = NULL;
	const char *problem;
	enum status status = part_prepare(&domain_part, domain, &prepared, err);

	if (status != STATUS_OK)
		return status;
	problem = domain_problem(prepared);
	if (problem != NULL) {
		free(prepared);
		return refuse(&domain_part, problem, err);
	}
	*out = prepared;
	return STATUS_OK;
}

/* ---- whole JIDs ---- */

static enum status resource_prepare(const char *resource, char **out, struct error *err)
{
	if (resource != NULL && resource[0] != '\0')
		return part_prepare(&resource_part, resource, out, err);
	*out = strdup("");
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

enum status jid_make(const char *localpart, const char *domain, const char *resource,
		     struct jid *out, struct error *err)
{
	struct jid jid = {0};
	enum status status = jid_localpart_prepare(localpart, &jid.localpart, err);

	if (status == STATUS_OK)
		status = jid_domain_prepare(domain, &jid.domain, err);
	if (status == STATUS_OK)
		status = resource_prepare(resource, &jid.resource, err);
	if (status == STATUS_OK)
		*out = jid;
	else
		jid_clear(&jid);
	return status;
}

/* RFC 6122, 2.1: the first '/' begins the resource; before it, the first '@' ends the localpart. */
static enum status jid_split(const char *text, struct jid *out, struct error *err)
{
	const char *slash = strchrnul(text, '/');
	const char *at = memchr(text, '@', (size_t)(slash - text));
	char *localpart, *domain;
	enum status status;

	if (at == NULL)
		return refuse(&localpart_part, "is missing: a domain alone is not an account", err);
	if (slash[0] == '/' && slash[1] == '\0')
		return refuse(&resource_part, "is empty", err);
	localpart = strndup(text, (size_t)(at - text));
	domain = strndup(at + 1, (size_t)(slash - at - 1));
	if (localpart == NULL || domain == NULL)
		status = error_no_memory(err);
	else
		status = jid_make(localpart, domain, slash[0] == '/' ? slash + 1 : NULL, out, err);
	free(localpart);
	free(domain);
	return status;
}

enum status jid_parse(const char *text, struct jid *out, struct error *err)
{
	struct error why = {0};
	enum status status = jid_split(text, out, &why);

	if (status == STATUS_OK)
		return STATUS_OK;
	return error_set(err, status, "\"%.*s\" is not a JID: %s", QUOTE_MAX, text, why.text);
}

void jid_clear(struct jid *jid)
{
	free(jid->localpart);
	free(jid->domain);
	free(jid->resource);
	*jid = (struct jid){0};
}

char *jid_bare_text(const struct jid *jid)
{
	char *text;

	return asprintf(&text, "%s@%s", jid->localpart, jid->domain) >= 0 ? text : NULL;
}

char *jid_text(const struct jid *jid)
{
	char *text;

	if (jid->resource[0] == '\0')
		return jid_bare_text(jid);
	if (asprintf(&text, "%s@%s/%s", jid->localpart, jid->domain, jid->resource) < 0)
		return NULL;
	return text;
}

bool jid_same_bare(const struct jid *a, const struct jid *b)
{
	return strcmp(a->localpart, b->localpart) == 0 && strcmp(a->domain, b->domain) == 0;
}

/* ---- names as localparts (XEP-0106) ---- */

/* XEP-0106, 3: all there are. */
static const struct escape {
	char character;
	const char *text;
} escapes[] = {
    {' ',  "\\20"},
    {'"',  "\\22"},
    {'&',  "\\26"},
    {'\'', "\\27"},
    {'/',  "\\2f"},
    {':',  "\\3a"},
    {'<',  "\\3c"},
    {'>',  "\\3e"},
    {'@',  "\\40"},
    {'\\', "\\5c"},
};
#define N_ESCAPES (sizeof escapes / sizeof escapes[0])

/* The escape that the text here would be read as; NULL: none. */
static const struct escape *escape_at(const char *p)
{
	for (size_t i = 0; i < N_ESCAPES; i++)
		if (strncmp(p, escapes[i].text, strlen(escapes[i].text)) == 0)
			return &escapes[i];
	return NULL;
}

/* What stands for the character at p; NULL: itself. A backslash is escaped only where it must. */
static const char *escape_find(const char *p)
{
	if (*p == '\\' && escape_at(p) == NULL)
		return NULL;
	for (size_t i = 0; i < N_ESCAPES; i++)
		if (escapes[i].character == *p)
			return escapes[i].text;
	return NULL;
}

static void escape_name(struct strbuf *out, const char *name)
{
	for (const char *p = name; *p != '\0'; p++) {
		const char *escape = escape_find(p);

		if (escape != NULL)
			strbuf_adds(out, escape);
		else
			strbuf_addc(out, *p);
	}
}

/*
 * Upper case becomes lower case only where the two are a pair. So the Kelvin sign stays (Nodeprep
 * then refuses it) and does not become the k of another user.
 */
static uint32_t fold_character(uint32_t c, locale_t locale)
{
	wint_t low = towlower_l((wint_t)c, locale);

	return towupper_l(low, locale) == (wint_t)c ? (uint32_t)low : c;
}

/* C.UTF-8: what a letter is must not depend on the environment. */
static enum status fold_name(const char *name, char **out, struct error *err)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	uint32_t *characters = NULL;
	char *folded = NULL;
	size_t n = 0;
	enum status status = STATUS_OK;

	if (locale == (locale_t)0)
		return error_set(
		    err, STATUS_INTERNAL,
		    "the locale C.UTF-8 is missing: install it, {user|lower} needs it");
	characters = stringprep_utf8_to_ucs4(name, -1, &n);
	for (size_t i = 0; characters != NULL && i < n; i++)
		characters[i] = fold_character(characters[i], locale);
	if (characters != NULL)
		folded = stringprep_ucs4_to_utf8(characters, (ssize_t)n, NULL, NULL);
	if (folded != NULL)
		*out = folded;
	else
		status = error_no_memory(err);
	free(characters);
	freelocale(locale);
	return status;
}

/* Escapes a name, folded already. A name that Nodeprep changes may be another user's, too. */
static enum status localpart_from_folded(const char *name, char **out, struct error *err)
{
	struct strbuf escaped;
	char *prepared = NULL;
	enum status status;

	strbuf_init(&escaped);
	escape_name(&escaped, name);
	status = strbuf_ok(&escaped) ? jid_localpart_prepare(escaped.data, &prepared, err)
				     : error_no_memory(err);
	if (status == STATUS_OK && strcmp(prepared, escaped.data) != 0)
		status = error_set(
		    err, STATUS_BAD_REQUEST,
		    "the name would become the localpart \"%.*s\", which may be another user's: "
		    "write {user|lower} in the key jid if the names differ by case only, else "
		    "give the user a JID with prebindctl map set",
		    QUOTE_MAX, prepared);
	if (status == STATUS_OK)
		*out = prepared;
	else
		free(prepared);
	strbuf_clear(&escaped);
	return status;
}

enum status jid_localpart_from_name(const char *name, bool lower, char **out, struct error *err)
{
	char *folded = NULL;
	size_t len = strlen(name);
	enum status status;

	if (len > JID_PART_MAX)
		return refuse(&localpart_part, "is longer than 1023 bytes", err);
	if (!utf8_valid(name, len))
		return refuse(&localpart_part, "is not UTF-8", err);
	if (!lower)
		return localpart_from_folded(name, out, err);
	status = fold_name(name, &folded, err);
	if (status == STATUS_OK)
		status = localpart_from_folded(folded, out, err);
	free(folded);
	return status;
}

enum status jid_name_from_localpart(const char *localpart, char **out, struct error *err)
{
	struct strbuf name;

	strbuf_init(&name);
	for (const char *p = localpart; *p != '\0';) {
		const struct escape *escape = escape_at(p);

		strbuf_addc(&name, escape != NULL ? escape->character : *p);
		p += escape != NULL ? strlen(escape->text) : 1;
	}
	char *text = strbuf_take(&name);
	if (text == NULL)
		return error_no_memory(err);
	*out = text;
	return STATUS_OK;
}
