/*
 * Who sent a request: every combination of what a browser (or somebody else) may say, against
 * what each word is worth by itself; and the life of a form's token.
 */
#include "unit.h"

#include "base/codec.h"
#include "web/csrf.h"

#define SELF "https://example.org:8443"

enum worth { SILENT, OURS, FOREIGN, HIDDEN };

struct word {
	const char *text;
	enum worth worth;
};

static const struct word sites[] = {
    {NULL,	   SILENT },
    {"same-origin",  OURS   },
    {"same-site",    FOREIGN},
    {"cross-site",   FOREIGN},
    {"none",         FOREIGN},
    {"",             FOREIGN},
    {"Same-Origin",  FOREIGN},
    {"same-origin ", FOREIGN},
};

static const struct word origins[] = {
    {NULL,		       SILENT },
    {SELF,		       OURS   },
    {"null",		     HIDDEN },
    {"",			 FOREIGN},
    {"https://evil.example",     FOREIGN},
    {"https://example.org",      FOREIGN},
    {"http://example.org:8443",  FOREIGN},
    {SELF "/",		   FOREIGN},
    {SELF ".evil.example",       FOREIGN},
    {"https://EXAMPLE.org:8443", FOREIGN},
};

static const struct word referers[] = {
    {NULL,			     SILENT },
    {SELF,			     OURS   },
    {SELF "/",			 OURS   },
    {SELF "/chat/?next=x",             OURS   },
    {SELF "?x",			OURS   },
    {"",			       FOREIGN},
    {"https://evil.example/",          FOREIGN},
    {"https://evil.example/" SELF "/", FOREIGN},
    {SELF "1/",			FOREIGN},
    {SELF "@evil.example/",            FOREIGN},
    {SELF ".evil.example/",            FOREIGN},
    {"https://example.org/",           FOREIGN},
    {"http://example.org:8443/",       FOREIGN},
};

/* The first who says anything decides; a hidden origin never. */
static bool first_word_is_ours(const struct word *const *words, size_t n, bool otherwise)
{
	for (size_t i = 0; i < n; i++) {
		if (words[i]->worth != SILENT)
			return words[i]->worth == OURS;
	}
	return otherwise;
}

TEST(test_post_matrix)
{
	size_t rows = 0, accepted = 0;

	for (size_t i = 0; i < COUNT(sites) * COUNT(origins) * COUNT(referers) * 2; i++) {
		size_t rest = i / 2;
		const struct word *site = &sites[rest % COUNT(sites)];
		const struct word *origin = &origins[rest / COUNT(sites) % COUNT(origins)];
		const struct word *referer = &referers[rest / COUNT(sites) / COUNT(origins)];
		const struct word *words[] = {site, origin, referer};
		struct request req = {
		    .origin_self = (char *)SELF,
		    .fetch_site = (char *)site->text,
		    .origin = (char *)origin->text,
		    .referer = (char *)referer->text,
		};
		bool form = i % 2;
		bool ours = origin->worth != HIDDEN && first_word_is_ours(words, 3, form);

		if (csrf_check_post(&req, form) != (ours ? STATUS_OK : STATUS_FORBIDDEN))
			fail_msg("site %s, origin %s, referer %s, form %d", site->text,
				 origin->text, referer->text, form);
		rows++;
		accepted += ours;
	}
	assert_true(rows >= 200);
	assert_true(accepted > 0 && accepted < rows);
}

TEST(test_fetch_matrix)
{
	static const char *const dests[] = {NULL,     "empty", "document", "image",
					    "iframe", "",      "script"};
	size_t rows = 0;

	for (size_t i = 0; i < COUNT(sites); i++) {
		for (size_t j = 0; j < COUNT(dests); j++) {
			for (size_t k = 0; k < COUNT(referers) * 4; k++) {
				const struct word *referer = &referers[k / 4];
				struct request req = {
				    .origin_self = (char *)SELF,
				    .fetch_site = (char *)sites[i].text,
				    .fetch_dest = (char *)dests[j],
				    .referer = (char *)referer->text,
				    .prefetch = k % 2,
				    .origin = k / 2 % 2 ? (char *)"null" : NULL,
				};
				bool script = j == 1 || (j == 0 && i == 0);
				bool ours =
				    i == 0 ? referer->worth == OURS : sites[i].worth == OURS;
				bool ok = script && ours && k % 4 == 0;

				assert_int_equal(csrf_check_fetch(&req),
						 ok ? STATUS_OK : STATUS_FORBIDDEN);
				rows++;
			}
		}
	}
	assert_true(rows >= 200);
}

/* What a browser sends (measured), and what the page may do with it. */
TEST(test_bind)
{
	static const char *const modes[] = {NULL, "navigate", "cors", "no-cors", "same-origin", ""};
	static const char *const dests[] = {NULL, "document", "iframe", "image", "empty", ""};
	size_t bound = 0;

	for (size_t i = 0; i < COUNT(sites); i++) {
		for (size_t j = 0; j < COUNT(modes); j++) {
			for (size_t k = 0; k < COUNT(dests) * 2; k++) {
				struct request req = {
				    .fetch_site = (char *)sites[i].text,
				    .fetch_mode = (char *)modes[j],
				    .fetch_dest = (char *)dests[k / 2],
				    .prefetch = k % 2,
				};
				/*
				 * sites: 1 same-origin, 4 none; modes: 1 navigate; dests: 1
				 * document
				 */
				bool silent = i == 0 && j == 0 && k / 2 == 0;
				bool top = (i == 1 || i == 4) && j == 1 && k / 2 == 1;

				assert_int_equal(csrf_may_bind(&req),
						 (silent || top) && k % 2 == 0);
				bound += csrf_may_bind(&req);
			}
		}
	}
	assert_int_equal(bound, 3);
}

/* Without a Host nothing can be equal to our origin, not even nothing. */
TEST(test_no_origin_of_ours)
{
	static const char *const selves[] = {NULL, ""};

	for (size_t i = 0; i < COUNT(selves); i++) {
		struct request req = {
		    .origin_self = (char *)selves[i], .origin = (char *)"", .referer = (char *)""};

		assert_status(csrf_check_post(&req, true), STATUS_FORBIDDEN);
		req.origin = NULL;
		assert_status(csrf_check_post(&req, true), STATUS_FORBIDDEN);
		assert_status(csrf_check_fetch(&req), STATUS_FORBIDDEN);
		req.referer = (char *)"/";
		assert_status(csrf_check_fetch(&req), STATUS_FORBIDDEN);
	}
}

#define NOW  INT64_C(1700000000) /* of 2023 */
#define SLOT 600

static const unsigned char key_bytes[SECRET_KEY_LEN] = "0123456789abcdef0123456789abcde";
static const unsigned char other_bytes[SECRET_KEY_LEN] = "0123456789abcdef0123456789abcdf";
static struct secret_hmac_key key, other_key;

TEST(test_token_text)
{
	char token[CSRF_TOKEN_LEN + 1], again[CSRF_TOKEN_LEN + 1];
	unsigned char input[] = "session"
				"csrf-v1"
				"\0\x2b\x3b\xb5";
	unsigned char mac[SECRET_SHA256_LEN];
	struct secret_part part = {.data = input, .len = sizeof(input) - 1};
	struct strbuf expected;

	assert_int_equal(NOW / SLOT, 0x2b3bb5);
	csrf_token_make(&key, "session", NOW, token);
	csrf_token_make(&key, "session", NOW, again);
	assert_string_equal(token, again);
	secret_hmac(mac, key_bytes, &part, 1);
	strbuf_init(&expected);
	codec_base64url(&expected, mac, sizeof(mac));
	assert_string_equal(token, expected.data);
	assert_int_equal(strlen(token), CSRF_TOKEN_LEN);
	strbuf_clear(&expected);
}

TEST(test_token_life)
{
	const int64_t begin = NOW / SLOT * SLOT;
	static const struct {
		int64_t made, asked;
		bool holds;
	} rows[] = {
	    {0,        0,		     true },
	    {0,        SLOT,                  true },
	    {0,        CSRF_TOKEN_LIFE_S - 1, true },
	    {0,        CSRF_TOKEN_LIFE_S,     false},
	    {SLOT - 1, CSRF_TOKEN_LIFE_S - 1,
	     true				  }, /* the shortest life: 110 minutes and a second */
	    {SLOT - 1, CSRF_TOKEN_LIFE_S,     false},
	    {0,        24 * 3600,             false},
	    {0,        -1,		    false}, /* from the future */
	    {SLOT,     0,                     false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char token[CSRF_TOKEN_LEN + 1];

		csrf_token_make(&key, "session", begin + rows[i].made, token);
		assert_int_equal(csrf_token_check(&key, "session", begin + rows[i].asked, token),
				 rows[i].holds);
	}
}

TEST(test_token_of_another)
{
	char token[CSRF_TOKEN_LEN + 1], longer[CSRF_TOKEN_LEN + 2];

	csrf_token_make(&key, "session", NOW, token);
	assert_true(csrf_token_check(&key, "session", NOW, token));
	assert_false(csrf_token_check(&other_key, "session", NOW, token));
	assert_false(csrf_token_check(&key, "sessioN", NOW, token));
	assert_false(csrf_token_check(&key, "sessio", NOW, token));
	assert_false(csrf_token_check(&key, "sessionc", NOW, token));
	assert_false(csrf_token_check(&key, "", NOW, token));
	assert_false(csrf_token_check(&key, NULL, NOW, token));
	assert_false(csrf_token_check(&key, "session", NOW, NULL));
	assert_false(csrf_token_check(&key, "session", NOW, ""));
	strcpy(longer, token);
	strcat(longer, "A");
	assert_false(csrf_token_check(&key, "session", NOW, longer));
	longer[CSRF_TOKEN_LEN - 1] = '\0';
	assert_false(csrf_token_check(&key, "session", NOW, longer));
	for (size_t i = 0; i < CSRF_TOKEN_LEN; i++) { /* no byte is overlooked */
		char kept = token[i];

		token[i] = kept == 'A' ? 'B' : 'A';
		assert_false(csrf_token_check(&key, "session", NOW, token));
		token[i] = kept;
	}
	assert_true(csrf_token_check(&key, "session", NOW, token));
}

/* A token bound to nothing would be everybody's. */
TEST(test_token_needs_a_binding)
{
	char token[CSRF_TOKEN_LEN + 1] = "x";

	csrf_token_make(&key, "", NOW, token);
	assert_string_equal(token, "");
	assert_false(csrf_token_check(&key, "", NOW, token));
	csrf_token_make(&key, NULL, NOW, token);
	assert_string_equal(token, "");
}

static int start(void **state)
{
	(void)state;
	if (secret_start(NULL) != STATUS_OK)
		return -1;
	secret_hmac_prepare(&key, key_bytes);
	secret_hmac_prepare(&other_key, other_bytes);
	return 0;
}

GROUP(start, NULL)
