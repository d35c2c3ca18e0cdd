/*
 * JIDs: what is prepared to what, what is refused and why, and that two names never share a
 * localpart.
 */

#include "unit.h"

#include "base/strbuf.h"
#include "xmpp/jid.h"
#include "xmpp/jid_name.h"

static char *repeat(char c, size_t n)
{
	char *text = malloc(n + 1);

	assert_non_null(text);
	memset(text, c, n);
	text[n] = '\0';
	return text;
}

/* A host name of n bytes, n not a multiple of 64: labels of 63 and a last shorter one. */
static char *long_domain(size_t n)
{
	char *text = repeat('d', n);

	for (size_t i = 63; i < n; i += 64)
		text[i] = '.';
	return text;
}

/* ---- JIDs that are taken ---- */

TEST(test_parse_accepts)
{
	/* clang-format off */
	static const struct {
		const char *text, *localpart, *domain, *resource;
	} rows[] = {
	    {"alice@example.org", "alice", "example.org", ""},
	    {"alice@example.org/web-1", "alice", "example.org", "web-1"},
	    {"ALICE@EXAMPLE.ORG/Web", "alice", "example.org", "Web"},
	    {"alice@localhost", "alice", "localhost", ""},
	    {"alice@192.0.2.7", "alice", "192.0.2.7", ""},
	    {"alice@a-b.c1.example", "alice", "a-b.c1.example", ""},
	    {"alice@example.org/a/b@c", "alice", "example.org", "a/b@c"},
	    {"alice@example.org/ spaces in it ", "alice", "example.org", " spaces in it "},
	    {"d\\27artagnan@example.org", "d\\27artagnan", "example.org", ""},
	    {"a\\20b@example.org", "a\\20b", "example.org", ""},
	    {"o_o+x=1!#$%^*(){}|~?;,.-`[]@example.org", "o_o+x=1!#$%^*(){}|~?;,.-`[]",
	     "example.org", ""},
	    {"\xc3\x89va@example.org", "\xc3\xa9va", "example.org", ""}, /* É */
	    {"stra\xc3\x9f" "e@example.org", "strasse", "example.org", ""}, /* ß */
	    {"\xef\xbd\x81lice@example.org", "alice", "example.org", ""}, /* fullwidth a */
	    {"a\xc2\xadlice@example.org", "alice", "example.org", ""}, /* soft hyphen */
	    {"e\xcc\x81@example.org", "\xc3\xa9", "example.org", ""}, /* e + acute */
	    {"\xd7\x90\xd7\x91@example.org", "\xd7\x90\xd7\x91", "example.org", ""}, /* Hebrew */
	    {"alice@b\xc3\xbc" "cher.example", "alice",
	     "b\xc3\xbc" "cher.example", ""},
	    {"alice@B\xc3\x9c" "CHER.example", "alice",
	     "b\xc3\xbc" "cher.example", ""},
	    {"alice@xn--bcher-kva.example", "alice", "xn--bcher-kva.example", ""},
	    {"alice@example.org/Zo\xc3\xab\xe6\x97\xa5", "alice", "example.org",
	     "Zo\xc3\xab\xe6\x97\xa5"},
	    {"alice@example.org/\xef\xbc\xa1", "alice", "example.org", "A"}, /* NFKC */
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct jid jid = {0};
		struct error err = {0};

		if (jid_parse(rows[i].text, &jid, &err) != STATUS_OK)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_string_equal(jid.localpart, rows[i].localpart);
		assert_string_equal(jid.domain, rows[i].domain);
		assert_string_equal(jid.resource, rows[i].resource);
		jid_clear(&jid);
		assert_null(jid.localpart);
	}
}

/* ---- JIDs that are refused ---- */

TEST(test_parse_refuses)
{
	struct unit_table table = unit_table_read("tests/unit/jid_refusals.tsv", 2);

	assert_true(table.n_rows >= 60);
	for (size_t i = 0; i < table.n_rows; i++) {
		const char *text = unit_cell(&table, i, 0), *why = unit_cell(&table, i, 1);
		struct jid jid = {0};
		struct error err = {0};
		enum status status = jid_parse(text, &jid, &err);

		if (status != STATUS_BAD_REQUEST || strstr(err.text, why) == NULL)
			fail_msg("row %zu, %s: %s, \"%s\"", i, text, status_name(status), err.text);
		assert_null(jid.localpart);
		assert_null(jid.domain);
		assert_null(jid.resource);
	}
	unit_table_free(&table);
}

/* ---- limits ---- */

TEST(test_lengths)
{
	char *full = repeat('a', JID_PART_MAX), *over = repeat('a', JID_PART_MAX + 1);
	char *domain = long_domain(JID_PART_MAX), *over_domain = long_domain(JID_PART_MAX + 1);
	char *label = repeat('l', 63), *over_label = repeat('l', 64);
	struct jid jid = {0};
	char *text;

	over_domain[JID_PART_MAX] = 'd'; /* where long_domain has its last dot */
	assert_ok(jid_make(full, domain, full, &jid, ERR));
	text = jid_text(&jid);
	assert_int_equal(strlen(text), JID_MAX);
	jid_clear(&jid);
	assert_ok(jid_parse(text, &jid, ERR));
	jid_clear(&jid);
	free(text);

	assert_status(jid_make(over, "example.org", NULL, &jid, NULL), STATUS_BAD_REQUEST);
	assert_status(jid_make("a", over_domain, NULL, &jid, NULL), STATUS_BAD_REQUEST);
	assert_status(jid_make("a", "example.org", over, &jid, NULL), STATUS_BAD_REQUEST);
	assert_status(jid_make("a", over_label, NULL, &jid, NULL), STATUS_BAD_REQUEST);
	assert_ok(jid_make("a", label, NULL, &jid, ERR));
	jid_clear(&jid);
	free(full);
	free(over);
	free(domain);
	free(over_domain);
	free(label);
	free(over_label);
}

/* U+FDFA is 3 bytes and becomes 33: the limit counts after preparation, too. */
TEST(test_length_after_preparation)
{
	struct strbuf text;
	struct jid jid = {0};

	strbuf_init(&text);
	for (int i = 0; i < 200; i++)
		strbuf_adds(&text, "\xef\xb7\xba");
	assert_fails(jid_make("alice", "example.org", text.data, &jid, ERR), STATUS_BAD_REQUEST,
		     "longer than 1023 bytes when prepared");
	strbuf_clear(&text);
}

/* ---- texts and comparing ---- */

TEST(test_texts)
{
	struct jid bare = {0}, full = {0}, other = {0};
	char *text;

	assert_ok(jid_make("Alice", "Example.ORG", "", &bare, ERR));
	assert_ok(jid_make("alice", "example.org", "Web", &full, ERR));
	assert_ok(jid_make("alice", "example.com", "Web", &other, ERR));
	text = jid_text(&bare);
	assert_string_equal(text, "alice@example.org");
	free(text);
	text = jid_text(&full);
	assert_string_equal(text, "alice@example.org/Web");
	free(text);
	text = jid_bare_text(&full);
	assert_string_equal(text, "alice@example.org");
	free(text);
	assert_true(jid_same_bare(&bare, &full));
	assert_false(jid_same_bare(&full, &other));
	jid_clear(&bare);
	jid_clear(&bare); /* a cleared one is a zeroed one */
	jid_clear(&full);
	jid_clear(&other);
}

/* As prepared: "ALICE" in full-width letters is alice. */
#define FULL_WIDTH_ALICE "\xef\xbc\xa1\xef\xbc\xac\xef\xbc\xa9\xef\xbc\xa3\xef\xbc\xa5"

TEST(test_written_jids)
{
	static const char *const same[] = {
	    "alice@example.org",
	    "Alice@EXAMPLE.org",
	    FULL_WIDTH_ALICE "@example.org",
	    "alice@example.org/web",
	};
	static const char *const other[] = {
	    "",
	    "alice",
	    "@example.org",
	    "alice@",
	    "alice@example.org/",
	    "alic@example.org",
	    "alicee@example.org",
	    "alice@example.or",
	    "alice@example.org.",
	    "al ice@example.org",
	    "example.org",
	};
	struct jid alice = {0};

	assert_ok(jid_make("alice", "example.org", "web", &alice, ERR));
	for (size_t i = 0; i < COUNT(same); i++)
		assert_true(jid_text_is(same[i], &alice));
	for (size_t i = 0; i < COUNT(other); i++)
		if (jid_text_is(other[i], &alice))
			fail_msg("\"%s\" is not alice@example.org", other[i]);
	assert_true(jid_localpart_is("ALICE", &alice));
	assert_true(jid_localpart_is(FULL_WIDTH_ALICE, &alice));
	assert_false(jid_localpart_is("", &alice));
	assert_false(jid_localpart_is("al ice", &alice));
	assert_false(jid_localpart_is("alic", &alice));
	jid_clear(&alice);
}

TEST(test_domain_prepare)
{
	char *domain = NULL;

	assert_ok(jid_domain_prepare("Example.ORG", &domain, ERR));
	assert_string_equal(domain, "example.org");
	free(domain);
	domain = NULL;
	assert_status(jid_domain_prepare("example.org.", &domain, NULL), STATUS_BAD_REQUEST);
	assert_status(jid_domain_prepare("", &domain, NULL), STATUS_BAD_REQUEST);
	assert_status(jid_domain_prepare("a/b", &domain, NULL), STATUS_BAD_REQUEST);
	assert_status(jid_domain_prepare("a@b", &domain, NULL), STATUS_BAD_REQUEST);
	assert_null(domain);
}

/* An error sentence repeats a JID only up to its limit. */
TEST(test_sentence)
{
	char *text = repeat('a', 400);
	struct jid jid = {0};

	assert_status(jid_parse(text, &jid, ERR), STATUS_BAD_REQUEST);
	assert_true(strlen(unit_error.text) < 200);
	free(text);
	assert_status(jid_parse("a b@example.org", &jid, ERR), STATUS_BAD_REQUEST);
	assert_string_equal(unit_error.text,
			    "\"a b@example.org\" is not a JID: the localpart has a character "
			    "that is not allowed in this part of a JID");
}

/* ---- names as localparts ---- */

TEST(test_names)
{
	/* clang-format off */
	static const struct {
		const char *name;
		bool lower;
		const char *localpart; /* NULL: refused */
	} rows[] = {
	    {"alice", false, "alice"},
	    /* XEP-0106, the examples of section 4 and their kin */
	    {"space cadet", false, "space\\20cadet"},
	    {"call me \"ishmael\"", false, "call\\20me\\20\\22ishmael\\22"},
	    {"at&t guy", false, "at\\26t\\20guy"},
	    {"d'artagnan", false, "d\\27artagnan"},
	    {"/.fanboy", false, "\\2f.fanboy"},
	    {"::foo::", false, "\\3a\\3afoo\\3a\\3a"},
	    {"<foo>", false, "\\3cfoo\\3e"},
	    {"user@host", false, "user\\40host"},
	    {"c:\\net", false, "c\\3a\\net"},
	    {"c:\\\\net", false, "c\\3a\\\\net"},
	    {"c:\\cool stuff", false, "c\\3a\\cool\\20stuff"},
	    {"c:\\5commas", false, "c\\3a\\5c5commas"},
	    /* the backslash rule */
	    {"\\", false, "\\"},
	    {"\\\\", false, "\\\\"},
	    {"\\20", false, "\\5c20"},
	    {"\\5c", false, "\\5c5c"},
	    {"\\5c20", false, "\\5c5c20"},
	    {"\\\\20", false, "\\\\5c20"},
	    {"\\2", false, "\\2"},
	    {"\\21", false, "\\21"},
	    {"a\\ b", false, "a\\\\20b"},
	    /* spaces at the ends */
	    {" alice", false, NULL},
	    {"alice ", false, NULL},
	    {" ", false, NULL},
	    {" alice", true, NULL},
	    {"\\20alice", false, "\\5c20alice"},
	    /* nothing */
	    {"", false, NULL},
	    {"", true, NULL},
	    /* what preparation would change */
	    {"Bob", false, NULL},
	    {"Bob", true, "bob"},
	    {"BOB SMITH", true, "bob\\20smith"},
	    {"\xc3\x89va", false, NULL},
	    {"\xc3\x89va", true, "\xc3\xa9va"},
	    {"\xce\xa9mega", true, "\xcf\x89mega"}, /* Ω, the letter */
	    {"\xe2\x84\xa6mega", true, NULL}, /* Ω, the unit */
	    {"\xe2\x84\xaate", true, NULL}, /* Kelvin sign */
	    {"\xc4\xb0stanbul", true, NULL}, /* İ */
	    {"stra\xc3\x9f" "e", false, NULL}, /* ß: strasse may be somebody */
	    {"stra\xc3\x9f" "e", true, NULL},
	    {"\xcf\x82", true, NULL}, /* final sigma */
	    {"\xc5\xbfue", true, NULL}, /* long s */
	    {"\xef\xbd\x81lice", false, NULL}, /* fullwidth */
	    {"\xef\xbd\x81lice", true, NULL},
	    {"\xef\xbc\xa1lice", true, NULL}, /* fullwidth A */
	    {"\xe1\xb4\xae\xe1\xb4\xb5\xe1\xb4\xb3", true, NULL}, /* superscript capitals */
	    {"a\xef\xbc\xa0" "b", true, NULL}, /* fullwidth @ */
	    {"e\xcc\x81", false, NULL}, /* not composed */
	    {"\xc3\xa9", false, "\xc3\xa9"},
	    {"al\xc2\xadice", false, NULL}, /* soft hyphen */
	    {"al\xe2\x80\x8dice", true, NULL}, /* zero width joiner */
	    {"\xef\xbb\xbf" "alice", false, NULL}, /* byte order mark */
	    {"alice\xef\xb8\x8f", false, NULL}, /* variation selector */
	    /* with lower, what becomes an escape by it stays escaped */
	    {"\\2F", false, NULL},
	    {"\\2F", true, "\\5c2f"},
	    {"\\5C", true, "\\5c5c"},
	    /* controls, directions, unassigned, not UTF-8 */
	    {"a\nb", false, NULL},
	    {"a\x7f", true, NULL},
	    {"a\xe2\x80\xae" "b", true, NULL},
	    {"a\xd7\x90", false, NULL},
	    {"\xf0\x9f\x98\x80", false, NULL},
	    {"\xf0\x9f\x98\x80", true, NULL},
	    {"a\xff", false, NULL},
	    {"a\xff", true, NULL},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *localpart = NULL;
		struct error err = {0};
		enum status status = jid_localpart_from_name(
		    rows[i].name, rows[i].lower ? JID_NAME_LOWER : JID_NAME_PLAIN, &localpart,
		    &err);

		if (rows[i].localpart == NULL) {
			if (status != STATUS_BAD_REQUEST)
				fail_msg("row %zu, \"%s\" was taken", i, rows[i].name);
			assert_null(localpart);
			assert_true(err.text[0] != '\0');
			continue;
		}
		if (status != STATUS_OK)
			fail_msg("row %zu, \"%s\": %s", i, rows[i].name, err.text);
		assert_string_equal(localpart, rows[i].localpart);
		free(localpart);
	}
}

TEST(test_name_length)
{
	char *full = repeat('a', JID_PART_MAX), *over = repeat('a', JID_PART_MAX + 1);
	char *slashes = repeat('/', JID_PART_MAX / 3), *over_slashes = repeat('/', 342);
	char *localpart = NULL;

	assert_ok(jid_localpart_from_name(full, JID_NAME_LOWER, &localpart, ERR));
	free(localpart);
	localpart = NULL;
	assert_status(jid_localpart_from_name(over, JID_NAME_LOWER, &localpart, NULL),
		      STATUS_BAD_REQUEST);
	assert_status(jid_localpart_from_name(over_slashes, JID_NAME_PLAIN, &localpart, NULL),
		      STATUS_BAD_REQUEST);
	assert_null(localpart);
	assert_ok(jid_localpart_from_name(slashes, JID_NAME_PLAIN, &localpart, ERR));
	assert_int_equal(strlen(localpart), JID_PART_MAX);
	free(localpart);
	free(full);
	free(over);
	free(slashes);
	free(over_slashes);
}

/* ---- two names, two localparts ---- */

/* The alphabet holds what an escape is made of, and what preparation changes. */
static const char *const pieces[] = {
    "a",
    "A",
    "c",
    "C",
    "f",
    "2",
    "5",
    "0",
    "\\",
    "/",
    " ",
    "@",
    "\\20",
    "\\5c",
    "\\2f",
    "\\2F",
    "k",
    "s",
    "ss",
    "\xc3\x9f",
    "\xe2\x84\xaa",
    "\xc5\xbf",
    "\xcf\x83",
    "\xcf\x82",
    "i",
    "I",
    "'",
    "\xc4\xb0",
    "\xc4\xb1",
    "\xef\xbc\xa0",
    "\xef\xbd\x81",
    "\xc2\xad",
};

struct pair {
	char *name;
	char *localpart;
};

static int by_localpart(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->localpart, ((const struct pair *)b)->localpart);
}

static char *name_of(size_t number)
{
	struct strbuf name;

	strbuf_init(&name);
	for (size_t i = 0; i < 3; i++) {
		strbuf_adds(&name, pieces[number % COUNT(pieces)]);
		number /= COUNT(pieces);
	}
	assert_true(strbuf_ok(&name));
	return strbuf_take(&name);
}

/* With lower, two names may meet only if they differ by the case of letters that are pairs. */
static bool same_but_for_case(const char *a, const char *b, bool lower)
{
	return lower ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

static void check_injective(bool lower)
{
	const size_t n_names = COUNT(pieces) * COUNT(pieces) * COUNT(pieces);
	struct pair *pairs = calloc(n_names, sizeof(*pairs));
	size_t n = 0;

	assert_non_null(pairs);
	for (size_t i = 0; i < n_names; i++) {
		pairs[n].name = name_of(i);
		if (jid_localpart_from_name(pairs[n].name, lower ? JID_NAME_LOWER : JID_NAME_PLAIN,
					    &pairs[n].localpart, NULL) == STATUS_OK)
			n++;
		else
			free(pairs[n].name);
	}
	assert_true(n > 1000);
	qsort(pairs, n, sizeof(*pairs), by_localpart);
	for (size_t i = 1; i < n; i++)
		if (strcmp(pairs[i - 1].localpart, pairs[i].localpart) == 0 &&
		    !same_but_for_case(pairs[i - 1].name, pairs[i].name, lower))
			fail_msg("\"%s\" and \"%s\" are both %s", pairs[i - 1].name, pairs[i].name,
				 pairs[i].localpart);
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].name);
		free(pairs[i].localpart);
	}
	free(pairs);
}

TEST(test_injective)
{
	check_injective(false);
}

TEST(test_injective_but_for_case)
{
	check_injective(true);
}

/* XEP-0106's way back: what a client shows is the site's name again. */
static char *unescape(const char *localpart)
{
	static const char escapes[] = "20 22 26 27 2f 3a 3c 3e 40 5c";
	struct strbuf name;

	strbuf_init(&name);
	for (const char *p = localpart; *p != '\0'; p++) {
		char code[3] = {0};

		if (*p == '\\' && p[1] != '\0' && p[2] != '\0')
			memcpy(code, p + 1, 2);
		if (code[0] == '\0' || strchr(code, ' ') != NULL || strstr(escapes, code) == NULL) {
			strbuf_addc(&name, *p);
			continue;
		}
		strbuf_addc(&name, (char)strtol(code, NULL, 16));
		p += 2;
	}
	return strbuf_take(&name);
}

TEST(test_round_trip)
{
	const size_t n_names = COUNT(pieces) * COUNT(pieces) * COUNT(pieces);

	for (size_t i = 0; i < n_names; i++) {
		char *name = name_of(i);
		char *localpart = NULL;
		char *back;
		struct jid jid = {0};

		if (jid_localpart_from_name(name, JID_NAME_PLAIN, &localpart, NULL) == STATUS_OK) {
			back = unescape(localpart);
			assert_string_equal(back, name);
			free(back);
			assert_ok(jid_make(localpart, "example.org", NULL, &jid, ERR));
			assert_string_equal(jid.localpart, localpart);
			jid_clear(&jid);
		}
		free(localpart);
		free(name);
	}
}

/* ---- ASCII, which libidn is not asked for ---- */

#define E_ACUTE                                                                                    \
	"\xc3\xa9" /* with it, libidn is asked; no table changes it, whatever stands beside it */

/* What jid_make makes of the part, or NULL where it refuses; the caller frees it. */
static char *made(size_t part, const char *text)
{
	const char *parts[] = {"alice", "example.org", "web"};
	struct jid jid = {0};
	char *out = NULL;

	parts[part] = text;
	if (jid_make(parts[0], parts[1], parts[2], &jid, NULL) == STATUS_OK)
		out = strdup(part == 0 ? jid.localpart : part == 1 ? jid.domain : jid.resource);
	jid_clear(&jid);
	return out;
}

TEST(test_ascii_is_as_libidn_has_it)
{
	for (size_t part = 0; part < 3; part++)
		for (int c = 1; c < 0x80; c++) {
			char plain[] = {'a', (char)c, 'b', '\0'};
			char asked[] = {'a', (char)c, 'b', E_ACUTE[0], E_ACUTE[1], '\0'};
			char *short_one = made(part, plain);
			char *long_one = made(part, asked);

			if ((short_one == NULL) != (long_one == NULL))
				fail_msg("part %zu, character %d: %s, but %s", part, c, short_one,
					 long_one);
			if (short_one != NULL) {
				assert_memory_equal(short_one, long_one, strlen(short_one));
				assert_string_equal(long_one + strlen(short_one), E_ACUTE);
			}
			free(short_one);
			free(long_one);
		}
}

TEST(test_a_label_has_63_bytes_at_most)
{
	char *fits = repeat('d', 63);
	char *over = repeat('d', 64);
	char *kept = made(1, fits);

	assert_non_null(kept);
	assert_null(made(1, over));
	free(kept);
	free(fits);
	free(over);
}
