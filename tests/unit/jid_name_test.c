/*
 * Names as localparts in the safe form: vectors, and 100,000 random names of many scripts. No two
 * meet, preparation changes none, and each leads back.
 */
#include "unit.h"

#include "base/name.h"
#include "base/strbuf.h"
#include "xmpp/jid_name.h"

#define N_NAMES  100000
#define NAME_MAX 12 /* characters of a random name */

/* ---- vectors ---- */

static const struct {
	const char *name;
	const char *localpart;
} vectors[] = {
  /* as in the plain form */
    {"alice",	      "alice"                },
    {"j\xc3\xb6rg",        "j\xc3\xb6rg"          },
    {"d'artagnan",         "d\\27artagnan"        },
    {"max@muster.example", "max\\40muster.example"},
    {"a b",		"a\\20"
	    "b"			},
    {"a\\b",	       "a\\b"                 },
    {"\\20",	       "\\5c20"               },
 /* what Nodeprep changes or refuses */
    {"Bob",		"\\u42;ob"             },
    {"BOB",		"\\u42.4f.42;"         },
    {"stra\xc3\x9f"
     "e",	     "stra\\udf;e"          },
    {"cafe\xcc\x81",       "cafe\\u301;"          },
    {"\xf0\x9f\x98\x80",   "\\u1f600;"            },
    {"\xc5\x81ukasz",      "\\u141;ukasz"         },
    {"al\xc2\xadice",      "al\\uad;ice"          },
    {"alice\xe2\x80\xae",  "alice\\u202e;"        },
    {"alice\xe1\x85\xa0",  "alice\\u1160;"        },
    {" a ",		"\\u20;a\\u20;"        },
    {"a\n",		"a\\ua;"               },
 /* what could be read as an escape */
    {"\\u42;ob",           "\\5cu42;ob"           },
    {"\\U42;ob",           "\\\\u55;42;ob"        },
    {"\\ux",	       "\\5cux"               },
 /* writing directions that mix: all that is not ASCII */
    {"a\xd7\x90"
     "b",	     "a\\u5d0;b"            },
    {"\xc3\xa9\xd7\x90",   "\\ue9.5d0;"           },
};

TEST(test_vectors)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		char *localpart = NULL, *name = NULL;

		assert_ok(jid_localpart_from_name(vectors[i].name, JID_NAME_SAFE, &localpart, ERR));
		assert_string_equal(localpart, vectors[i].localpart);
		assert_ok(jid_name_from_localpart(localpart, JID_NAME_SAFE, &name, ERR));
		assert_string_equal(name, vectors[i].name);
		free(name);
		free(localpart);
	}
}

/* No escape of ours: read as it is, and no name leads there. */
TEST(test_no_escapes)
{
	static const char *const texts[] = {"\\u",         "\\u;",   "\\u42",    "\\u42.",
					    "\\ug;",       "\\u0;",  "\\ud800;", "\\u110000;",
					    "\\u0000042;", "\\u42.;"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		char *name = NULL, *localpart = NULL;

		assert_ok(jid_name_from_localpart(texts[i], JID_NAME_SAFE, &name, ERR));
		if (jid_localpart_from_name(name, JID_NAME_SAFE, &localpart, NULL) == STATUS_OK)
			assert_string_not_equal(localpart, texts[i]);
		free(localpart);
		free(name);
	}
}

TEST(test_limits)
{
	char name[512], *localpart = NULL;

	assert_status(jid_localpart_from_name("", JID_NAME_SAFE, &localpart, NULL),
		      STATUS_BAD_REQUEST);
	assert_status(jid_localpart_from_name("\xff", JID_NAME_SAFE, &localpart, NULL),
		      STATUS_BAD_REQUEST);
	/* the longest name that a provider takes, of the characters that grow most */
	memset(name, 'A', 255);
	name[255] = '\0';
	assert_ok(jid_localpart_from_name(name, JID_NAME_SAFE, &localpart, ERR));
	free(localpart);
	for (size_t i = 0; i < 255; i++)
		name[i] = i % 2 ? 'b' : 'A';
	assert_ok(jid_localpart_from_name(name, JID_NAME_SAFE, &localpart, ERR));
	free(localpart);
}

/* ---- at random ---- */

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15); /* the same names each time */

static uint32_t at_random(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed % below);
}

static const struct {
	uint32_t first;
	uint32_t last;
} scripts[] = {
    {0x20,    0x7e   }, /* ASCII */
    {0xa0,    0x24f  }, /* Latin */
    {0x300,   0x36f  }, /* combining marks */
    {0x370,   0x52f  }, /* Greek, Cyrillic */
    {0x5d0,   0x5ea  }, /* Hebrew */
    {0x600,   0x6ff  }, /* Arabic */
    {0x900,   0x97f  }, /* Devanagari */
    {0xe00,   0xe7f  }, /* Thai */
    {0x10a0,  0x10ff }, /* Georgian */
    {0x1100,  0x11ff }, /* Hangul letters, which compose */
    {0x1e00,  0x1fff }, /* more Latin and Greek */
    {0x2000,  0x206f }, /* punctuation, and what cannot be seen */
    {0x3040,  0x30ff }, /* kana */
    {0x4e00,  0x4fff }, /* Han */
    {0xac00,  0xac80 }, /* Hangul syllables */
    {0xfb00,  0xfb4f }, /* ligatures */
    {0xfe00,  0xffef }, /* variation selectors, full-width forms */
    {0x1d400, 0x1d4ff}, /* mathematical letters */
    {0x1f300, 0x1f9ff}, /* emoji */
    {0xe0000, 0xe007f}, /* tags */
};

/* One or two scripts, as names are; now and then what looks like an escape. */
static char *random_name(void)
{
	static const char *const tricky[] = {"\\u", "\\", "\\5c", "\\20", ";", ".", "41;", "u"};
	size_t some[] = {at_random(COUNT(scripts)), at_random(COUNT(scripts))};
	uint32_t len = 1 + at_random(NAME_MAX);
	struct strbuf name;

	strbuf_init(&name);
	for (uint32_t i = 0; i < len; i++) {
		size_t script = some[at_random(2)];

		if (at_random(8) == 0)
			strbuf_adds(&name, tricky[at_random(COUNT(tricky))]);
		else
			name_add_character(
			    &name, scripts[script].first +
				       at_random(scripts[script].last - scripts[script].first + 1));
	}
	return strbuf_take(&name);
}

struct pair {
	char *name;
	char *localpart;
};

static int by_localpart(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->localpart, ((const struct pair *)b)->localpart);
}

static void check_one(const struct pair *pair)
{
	char *plain = NULL, *prepared = NULL, *back = NULL;

	assert_ok(jid_localpart_prepare(pair->localpart, &prepared, ERR));
	assert_string_equal(prepared, pair->localpart);
	assert_ok(jid_name_from_localpart(pair->localpart, JID_NAME_SAFE, &back, ERR));
	assert_string_equal(back, pair->name);
	/* who has an account by {user} keeps it, unless the name has \u in it */
	if (strstr(pair->name, "\\u") == NULL &&
	    jid_localpart_from_name(pair->name, JID_NAME_PLAIN, &plain, NULL) == STATUS_OK)
		assert_string_equal(plain, pair->localpart);
	free(plain);
	free(prepared);
	free(back);
}

TEST(test_random_names)
{
	struct pair *pairs = calloc(N_NAMES, sizeof(*pairs));

	assert_non_null(pairs);
	for (size_t i = 0; i < N_NAMES; i++) {
		struct error err = {0};

		pairs[i].name = random_name();
		if (jid_localpart_from_name(pairs[i].name, JID_NAME_SAFE, &pairs[i].localpart,
					    &err) != STATUS_OK)
			fail_msg("\"%s\": %s", pairs[i].name, err.text);
		check_one(&pairs[i]);
	}
	qsort(pairs, N_NAMES, sizeof(*pairs), by_localpart);
	for (size_t i = 1; i < N_NAMES; i++)
		if (by_localpart(&pairs[i - 1], &pairs[i]) == 0 &&
		    strcmp(pairs[i - 1].name, pairs[i].name) != 0)
			fail_msg("\"%s\" and \"%s\" meet", pairs[i - 1].name, pairs[i].name);
	for (size_t i = 0; i < N_NAMES; i++) {
		free(pairs[i].name);
		free(pairs[i].localpart);
	}
	free(pairs);
}
