/*
 * Handles names with the tables of libunistring, whose version determines the version of Unicode.
 * The result does not depend on the locale.
 */
#include "base/name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uniname.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/codec.h"
#include "base/strbuf.h"

#define VIRAMA 9 /* canonical combining class */

static bool is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x80)
		text++;
	return *text == '\0';
}

static enum status not_utf8(struct error *err)
{
	return error_set(err, STATUS_BAD_REQUEST, "the name is not UTF-8");
}

/* ---- different spellings of a name ---- */

enum status name_compose(const char *name, char **out, struct error *err)
{
	size_t len = strlen(name), size = 0;
	char *copy;

	if (!utf8_valid(name, len))
		return not_utf8(err);
	/* len + 1 includes the NUL, which does not compose with any character */
	copy = is_ascii(name)
		   ? strdup(name)
		   : (char *)u8_normalize(UNINORM_NFC, (const uint8_t *)name, len + 1, NULL, &size);
	if (copy == NULL)
		return error_no_memory(err);
	*out = copy;
	return STATUS_OK;
}

/*
 * Returns the small letter of c only if c is also the capital of that letter, otherwise c. Without
 * this condition, two capitals could become the same small letter.
 */
static uint32_t lower(uint32_t c)
{
	uint32_t low = uc_tolower(c);

	return uc_toupper(low) == c ? low : c;
}

uint32_t name_upper_of(uint32_t c)
{
	uint32_t high = uc_toupper(c);

	return lower(high) == c ? high : c;
}

void name_add_character(struct strbuf *out, uint32_t c)
{
	uint8_t bytes[4];
	int len = u8_uctomb(bytes, c, sizeof(bytes));

	if (len > 0)
		strbuf_add(out, bytes, (size_t)len);
}

enum status name_lower(const char *name, char **out, struct error *err)
{
	size_t len = strlen(name);
	struct strbuf text;
	uint32_t c;

	if (!utf8_valid(name, len))
		return not_utf8(err);
	strbuf_init(&text);
	for (size_t at = 0; at < len;) {
		at += utf8_decode(name + at, len - at, &c);
		name_add_character(&text, lower(c));
	}
	char *copy = strbuf_take(&text);
	if (copy == NULL)
		return error_no_memory(err);
	*out = copy;
	return STATUS_OK;
}

enum status name_fold(const char *name, char **out, struct error *err)
{
	char *composed = NULL;
	enum status status = name_compose(name, &composed, err);

	if (status == STATUS_OK)
		status = name_lower(composed, out, err);
	free(composed);
	return status;
}

bool name_same_folded(const char *a, const char *b)
{
	char *folded_a = NULL, *folded_b = NULL;
	bool same = name_fold(a, &folded_a, NULL) == STATUS_OK &&
		    name_fold(b, &folded_b, NULL) == STATUS_OK && strcmp(folded_a, folded_b) == 0;

	free(folded_a);
	free(folded_b);
	return same;
}

/* ---- invisible characters ---- */

/*
 * True if a joiner changes how its neighbors are drawn. Any other joiner is invisible. The contexts
 * are those of RFC 5892, appendices A.1 and A.2, except that no transparent characters are allowed
 * between the joiner and its neighbors.
 */
static bool joiner_shows(uint32_t c, uint32_t before, uint32_t after)
{
	int left = before != 0 ? uc_joining_type(before) : UC_JOINING_TYPE_U;
	int right = after != 0 ? uc_joining_type(after) : UC_JOINING_TYPE_U;

	if (before != 0 && uc_combining_class(before) == VIRAMA)
		return true;
	return c == 0x200c && (left == UC_JOINING_TYPE_L || left == UC_JOINING_TYPE_D) &&
	       (right == UC_JOINING_TYPE_R || right == UC_JOINING_TYPE_D);
}

static bool is(uint32_t c, uint32_t categories)
{
	return uc_is_general_category_withtable(c, categories);
}

/* Returns a static string that says why the character is refused; NULL if it is allowed. */
static const char *problem_of(uint32_t c, uint32_t before, uint32_t after)
{
	if (c >= 0x20 && c < 0x7f)
		return NULL;
	if (is(c, UC_CATEGORY_MASK_Cc))
		return "which is a control character";
	if (is(c, UC_CATEGORY_MASK_Co))
		return "which is for private use and looks different in each font";
	if (is(c, UC_CATEGORY_MASK_Cn) && !uc_is_property_default_ignorable_code_point(c))
		return "which is not a character that this program knows";
	if (is(c, UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp))
		return "which ends a line";
	if (is(c, UC_CATEGORY_MASK_Zs))
		return "which looks like a space but is another character";
	if ((c == 0x200c || c == 0x200d) && joiner_shows(c, before, after))
		return NULL;
	if (is(c, UC_CATEGORY_MASK_Cf) || uc_is_property_default_ignorable_code_point(c) ||
	    c == 0x2800)
		return "which is invisible";
	if (c == 0xfffc || c == 0xfffd)
		return "which replaces a character that could not be shown";
	return NULL;
}

static enum status refuse_character(uint32_t c, const char *why, struct error *err)
{
	char name[UNINAME_MAX];
	bool named = unicode_character_name(c, name) != NULL;

	return error_set(err, STATUS_BAD_REQUEST, "the name has U+%04X%s%s, %s", (unsigned)c,
			 named ? " " : "", named ? name : "", why);
}

enum status name_characters_check(const char *name, struct error *err)
{
	uint32_t before = 0, c = 0, after = 0;
	size_t len = strlen(name), at, step;

	if (!utf8_valid(name, len))
		return not_utf8(err);
	for (at = 0; at < len; at += step, before = c) {
		step = utf8_decode(name + at, len - at, &c);
		if (utf8_decode(name + at + step, len - at - step, &after) == 0)
			after = 0;
		const char *why = problem_of(c, before, after);
		if (why != NULL)
			return refuse_character(c, why, err);
	}
	return STATUS_OK;
}

/* ---- a new name ---- */

static const char *space_problem(const char *name)
{
	if (name[0] == ' ' || name[strlen(name) - 1] == ' ')
		return "must not begin or end with a space";
	return strstr(name, "  ") != NULL ? "must not have two spaces in a row" : NULL;
}

static enum status prepared_check(const char *name, const char *whose, size_t max,
				  struct error *err)
{
	size_t len = strlen(name);

	if (len == 0)
		return error_set(err, STATUS_BAD_REQUEST, "%s name must not be empty", whose);
	if (len > max)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s name may have at most %zu bytes; this one has %zu", whose, max,
				 len);
	enum status status = name_characters_check(name, err);
	const char *why = status == STATUS_OK ? space_problem(name) : NULL;
	return why == NULL ? status : error_set(err, STATUS_BAD_REQUEST, "%s name %s", whose, why);
}

enum status name_prepare(const char *name, const char *whose, size_t max, char **out,
			 struct error *err)
{
	char *composed = NULL;
	enum status status = STATUS_OK;

	if (strlen(name) > 4 * max) /* composing leaves at least a quarter of the bytes */
		return prepared_check(name, whose, max, err);
	status = name_compose(name, &composed, err);
	if (status == STATUS_OK)
		status = prepared_check(composed, whose, max, err);
	if (status == STATUS_OK)
		*out = composed;
	else
		free(composed);
	return status;
}
