/*
 * SASL: the choice, the RFCs' own exchanges byte for byte, whole exchanges against libgsasl's
 * server side, and servers that lie.
 *
 * libgsasl draws the client's nonce itself. It calls gsasl_nonce and gsasl_base64_to through the
 * dynamic linker, so the definitions here take their place and can put an RFC's nonce there.
 */

#include "counted_memory.h"
#include "unit.h"

#include <gsasl.h>

#include "base/codec.h"
#include "base/secret.h"
#include "xmpp/sasl.h"

/* ---- the nonce ---- */

static const char *fixed_nonce; /* NULL: a random one */
static bool nonce_is_next;

int gsasl_nonce(char *data, size_t len)
{
	secret_random(data, len);
	nonce_is_next = fixed_nonce != NULL;
	return GSASL_OK;
}

int gsasl_base64_to(const char *in, size_t inlen, char **out, size_t *outlen)
{
	struct strbuf text;

	strbuf_init(&text);
	if (nonce_is_next)
		strbuf_adds(&text, fixed_nonce);
	else
		codec_base64(&text, (const unsigned char *)in, inlen);
	nonce_is_next = false;
	if (outlen != NULL)
		*outlen = text.len;
	*out = strbuf_take(&text);
	return GSASL_OK;
}

/* ---- helpers ---- */

static char *encode(const char *data, size_t len)
{
	struct strbuf text;

	strbuf_init(&text);
	codec_base64(&text, (const unsigned char *)data, len);
	return strbuf_take(&text);
}

/* Gives the server's message (not yet in base64) and expects ours; NULL: nothing is to be sent. */
static void expect_step(struct sasl *sasl, const char *server, const char *client)
{
	char *in = encode(server, strlen(server));
	struct strbuf ours;
	char *out = NULL;
	struct error err = {0};

	if (sasl_step(sasl, in, &out, &err) != STATUS_OK)
		fail_msg("after \"%s\": %s", server, err.text);
	free(in);
	if (client == NULL) {
		assert_null(out);
		return;
	}
	assert_non_null(out);
	strbuf_init(&ours);
	assert_ok(codec_base64_decode(&ours, out, strlen(out)));
	assert_string_equal(ours.data, client);
	strbuf_clear(&ours);
	secret_free(out);
}

static void expect_refusal(struct sasl *sasl, const char *server, const char *why)
{
	char *in = encode(server, strlen(server));
	char *out = NULL;

	assert_status(sasl_step(sasl, in, &out, ERR), STATUS_CHAT_SERVER);
	if (strstr(unit_error.text, why) == NULL)
		fail_msg("after \"%s\": \"%s\"", server, unit_error.text);
	assert_null(out);
	assert_false(sasl_done(sasl));
	free(in);
}

static struct sasl *start(const char *mechanism, const char *user, const char *password)
{
	struct sasl *sasl = NULL;

	assert_ok(sasl_new(mechanism, user, password, &sasl, ERR));
	assert_false(sasl_done(sasl));
	return sasl;
}

static int random_nonce(void **state)
{
	(void)state;
	fixed_nonce = NULL;
	nonce_is_next = false;
	return 0;
}

/* ---- the choice ---- */

GROUP(unit_secrets, NULL)

TEST(test_choose)
{
	static const char password[] = "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN";
	/* clang-format off */
	static const struct {
		const char *offered, *allowed;
		enum sasl_channel channel;
		const char *chosen;
	} rows[] = {
	    {"PLAIN SCRAM-SHA-1 SCRAM-SHA-256", password, SASL_CHANNEL_PRIVATE, "SCRAM-SHA-256"},
	    {"SCRAM-SHA-256", password, SASL_CHANNEL_PUBLIC, "SCRAM-SHA-256"},
	    {"PLAIN SCRAM-SHA-1", password, SASL_CHANNEL_PRIVATE, "SCRAM-SHA-1"},
	    {"SCRAM-SHA-1-PLUS SCRAM-SHA-1", password, SASL_CHANNEL_PRIVATE, "SCRAM-SHA-1"},
	    {"PLAIN", password, SASL_CHANNEL_PRIVATE, "PLAIN"},
	    {" PLAIN ", password, SASL_CHANNEL_PRIVATE, "PLAIN"},
	    {"PLAIN", password, SASL_CHANNEL_PUBLIC, NULL},
	    {"PLAIN SCRAM-SHA-1", password, SASL_CHANNEL_PUBLIC, "SCRAM-SHA-1"},
	    {"SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-512", password, SASL_CHANNEL_PRIVATE, NULL},
	    {"DIGEST-MD5 X-OAUTH2 EXTERNAL ANONYMOUS", password, SASL_CHANNEL_PRIVATE, NULL},
	    {"plain scram-sha-1", password, SASL_CHANNEL_PRIVATE, NULL},
	    {"XPLAIN PLAINX", password, SASL_CHANNEL_PRIVATE, NULL},
	    {"", password, SASL_CHANNEL_PRIVATE, NULL},
	    {" ", password, SASL_CHANNEL_PRIVATE, NULL},
	    {"SCRAM-SHA-256 SCRAM-SHA-1 PLAIN", "PLAIN", SASL_CHANNEL_PRIVATE, "PLAIN"},
	    {"SCRAM-SHA-256 SCRAM-SHA-1 PLAIN", "PLAIN", SASL_CHANNEL_PUBLIC, NULL},
	    {"SCRAM-SHA-256 SCRAM-SHA-1 PLAIN", " PLAIN SCRAM-SHA-1", SASL_CHANNEL_PRIVATE, "SCRAM-SHA-1"},
	    {"SCRAM-SHA-256 PLAIN X-OAUTH2", "X-OAUTH2", SASL_CHANNEL_PRIVATE, "X-OAUTH2"},
	    {"X-OAUTH2", "X-OAUTH2", SASL_CHANNEL_PUBLIC, NULL},
	    {"PLAIN", "", SASL_CHANNEL_PRIVATE, NULL},
	    {"EXTERNAL", "EXTERNAL", SASL_CHANNEL_PRIVATE, NULL},
	    {"PLAIN ANONYMOUS", "ANONYMOUS", SASL_CHANNEL_PUBLIC, "ANONYMOUS"},
	    {"PLAIN", "ANONYMOUS", SASL_CHANNEL_PRIVATE, NULL},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *chosen = sasl_choose(rows[i].offered, rows[i].allowed, rows[i].channel);

		if (rows[i].chosen == NULL) {
			assert_null(chosen);
		} else {
			assert_non_null(chosen);
			assert_string_equal(chosen, rows[i].chosen);
		}
	}
}

/* RFC 4505, 2: one message. It says which program it is, and nothing about the visitor. */
TEST(test_anonymous)
{
	struct sasl *sasl = NULL;
	char *out = NULL;

	assert_ok(sasl_new("ANONYMOUS", "guest", "", &sasl, ERR));
	assert_ok(sasl_step(sasl, "", &out, ERR));
	assert_string_equal(out, "cHJlYmluZA==");
	assert_true(sasl_done(sasl));
	secret_free(out);
	sasl_free(sasl);
}

/* Some of libgsasl's allocations can be done without; no failure is the password's. */
TEST(test_without_memory)
{
	static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"};
	size_t failing = 0;
	size_t refused = 0;

	for (size_t i = 0; COUNTED_MEMORY && i < COUNT(mechanisms); i++) {
		bool failed = true;

		for (failing = 1; failed; failing++) {
			struct sasl *sasl = NULL;
			struct error why = {.status = STATUS_OK};

			counted_start(failing);
			enum status status =
			    sasl_new(mechanisms[i], "alice", "secret", &sasl, &why);
			failed = counted.calls >= failing;
			counted_stop();
			if (status != STATUS_OK)
				assert_status(status, STATUS_INTERNAL);
			assert_true(failed || status == STATUS_OK);
			refused += status != STATUS_OK;
			sasl_free(sasl);
		}
	}
	assert_true(!COUNTED_MEMORY || refused > 0);
}

TEST(test_unknown_mechanism)
{
	struct sasl *sasl = NULL;

	assert_status(sasl_new("SCRAM-SHA-1-PLUS", "u", "p", &sasl, NULL), STATUS_INTERNAL);
	assert_status(sasl_new("DIGEST-MD5", "u", "p", &sasl, NULL), STATUS_INTERNAL);
	assert_status(sasl_new("", "u", "p", &sasl, NULL), STATUS_INTERNAL);
	assert_null(sasl);
	sasl_free(NULL);
}

/* ---- PLAIN ---- */

/* The first message is all there is to say. */
static void assert_only_message(const char *mechanism, const char *user, const char *secret,
				const char *bytes, size_t len)
{
	struct sasl *sasl = start(mechanism, user, secret);
	char *expected = encode(bytes, len);
	char *out = NULL;

	assert_ok(sasl_step(sasl, "", &out, ERR));
	assert_string_equal(out, expected);
	assert_true(sasl_done(sasl));
	secret_free(out);
	free(expected);
	sasl_free(sasl);
}

FIXTURE(random_nonce, NULL)

TEST(test_plain)
{
	/* clang-format off */
	static const struct {
		const char *user, *password;
		const char *bytes;
		size_t len;
	} rows[] = {
	    {"tim", "tanstaaftanstaaf", "\0tim\0tanstaaftanstaaf",
	     21}, /* RFC 4616, 4, no authzid */
	    {"a", "", "\0a\0", 3},
	    {"alice", "p\xc3\xa4ss", "\0alice\0p\xc3\xa4ss", 12},
	    {"alice", "pa\xcc\x88ss", "\0alice\0p\xc3\xa4ss", 12}, /* NFKC */
	    {"alice", "I\xc2\xadX", "\0alice\0IX", 9}, /* RFC 4013, 3 */
	    {"alice",
	     "a\xc2\xa0"
	     "b", "\0alice\0a b", 10}, /* a space like any other */
	    {"\xc3\xa9va", "\xd9\xbe", "\0\xc3\xa9va\0\xd9\xbe", 8},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_only_message("PLAIN", rows[i].user, rows[i].password, rows[i].bytes,
				    rows[i].len);
}

FIXTURE(NULL, NULL)

TEST(test_x_oauth2)
{
	assert_only_message("X-OAUTH2", "alice", "r9KFladBTYJS71OggKCifo0GJwyT7oY4",
			    "\0alice\0r9KFladBTYJS71OggKCifo0GJwyT7oY4", 39);
}

TEST(test_password_refused)
{
	struct sasl *sasl = NULL;

	assert_fails(sasl_new("PLAIN", "alice",
			      "a\x07"
			      "b",
			      &sasl, ERR),
		     STATUS_CHAT_SERVER, "SASLprep");
	assert_status(sasl_new("SCRAM-SHA-1", "alice", "\xff", &sasl, ERR), STATUS_CHAT_SERVER);
	assert_status(sasl_new("PLAIN", "alice",
			       "\xd8\xa7"
			       "1",
			       &sasl, ERR),
		      STATUS_CHAT_SERVER); /* RFC 4013, 3: bidi */
	assert_null(sasl);
}

TEST(test_plain_after_its_end)
{
	struct sasl *sasl = start("PLAIN", "alice", "secret");
	char *out = NULL;

	assert_ok(sasl_step(sasl, "", &out, ERR));
	secret_free(out);
	out = NULL;
	assert_fails(sasl_step(sasl, "", &out, ERR), STATUS_CHAT_SERVER,
		     "a SASL message after the exchange had ended");
	assert_null(out);
	sasl_free(sasl);
}

/* ---- the RFCs' exchanges ---- */

struct vector {
	const char *mechanism, *nonce;
	const char *client_first, *server_first, *client_final, *server_final;
};

static const struct vector rfc5802 = {
    .mechanism = "SCRAM-SHA-1",
    .nonce = "fyko+d2lbbFgONRv9qkxdawL",
    .client_first = "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    .server_first = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    .client_final = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
		    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    .server_final = "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
};

static const struct vector rfc7677 = {
    .mechanism = "SCRAM-SHA-256",
    .nonce = "rOprNGfwEbeRWgbNEkqO",
    .client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    .server_first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    .client_final = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    .server_final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

/* libgsasl draws the nonce when the exchange is made. */
static struct sasl *start_with_nonce(const struct vector *vector, const char *user)
{
	fixed_nonce = vector->nonce;
	return start(vector->mechanism, user, "pencil");
}

static const struct vector *const vectors[] = {&rfc5802, &rfc7677};

TEST(test_rfc_vectors)
{
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = vectors[i];
		struct sasl *sasl = start_with_nonce(v, "user");

		expect_step(sasl, "", v->client_first);
		expect_step(sasl, v->server_first, v->client_final);
		assert_false(sasl_done(sasl));
		expect_step(sasl, v->server_final, NULL);
		assert_true(sasl_done(sasl));
		sasl_free(sasl);
	}
}

/* What a server that does not know the password may say at its end, in place of server_final. */
TEST(test_wrong_signatures)
{
	static const char *const finals[] = {"v=rmF9pqV8S7suAoZWja4dJRkFsKR=",
					     "v=",
					     "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
					     "",
					     "e=other-error",
					     "x=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
					     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ",
					     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="};

	for (size_t i = 0; i < COUNT(finals); i++) {
		struct sasl *sasl = start_with_nonce(&rfc5802, "user");

		expect_step(sasl, "", rfc5802.client_first);
		expect_step(sasl, rfc5802.server_first, rfc5802.client_final);
		expect_refusal(sasl, finals[i], "");
		sasl_free(sasl);
	}
}

TEST(test_wrong_server_first)
{
	/* clang-format off */
	static const struct {
		const char *message, *why;
	} rows[] = {
	    /* a nonce that is not ours with something behind it */
	    {"r=3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", ""},
	    {"r=fyko+d2lbbFgONRv9qkxdawX3rfc,s=QSXCR+Q6sek8bf92,i=4096", ""},
	    {"", ""},
	    {"r=fyko+d2lbbFgONRv9qkxdawL3rfc", "message is not valid"},
	    {"r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=,i=4096", "message is not valid"},
	    {"r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92", "message is not valid"},
	    {"r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=", "message is not valid"},
	    {"r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=0", "message is not valid"},
	    {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", ""},
	    /* work without end */
	    {"r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=1000001", "SCRAM iterations"},
	    {"r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=4294967295", "SCRAM iterations"},
	    {"r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=99999999999999999999999",
	     "SCRAM iterations"},
	    {"r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=-1", "SCRAM iterations"},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sasl *sasl = start_with_nonce(&rfc5802, "user");

		expect_step(sasl, "", rfc5802.client_first);
		expect_refusal(sasl, rows[i].message, rows[i].why);
		sasl_free(sasl);
	}
}

TEST(test_not_base64)
{
	static const char *const messages[] = {
	    "!", "A", "AA", "AAA", "=", "====", "AAAA AAAA", "AAAA\n", "AB==", "AAAA" /* NULs */};
	struct sasl *sasl = start_with_nonce(&rfc5802, "user");
	char *out = NULL;
	char *huge = malloc(8001);

	assert_non_null(huge);
	memset(huge, 'Y', 8000);
	huge[8000] = '\0';
	expect_step(sasl, "", rfc5802.client_first);
	for (size_t i = 0; i < COUNT(messages); i++) {
		assert_fails(sasl_step(sasl, messages[i], &out, ERR), STATUS_CHAT_SERVER,
			     "not base64");
	}
	assert_fails(sasl_step(sasl, huge, &out, ERR), STATUS_CHAT_SERVER, "too long");
	assert_null(out);
	free(huge);
	sasl_free(sasl);
}

/* RFC 5802, 5.1: ',' and '=' of a name; an authzid is never there. */
TEST(test_user_names)
{
	/* clang-format off */
	static const struct {
		const char *user, *client_first;
	} rows[] = {
	    {"a=b,c", "n,,n=a=3Db=2Cc,r=fyko+d2lbbFgONRv9qkxdawL"},
	    {"d\\27artagnan", "n,,n=d\\27artagnan,r=fyko+d2lbbFgONRv9qkxdawL"},
	    {"\xc3\xa9va", "n,,n=\xc3\xa9va,r=fyko+d2lbbFgONRv9qkxdawL"},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sasl *sasl = start_with_nonce(&rfc5802, rows[i].user);

		expect_step(sasl, "", rows[i].client_first);
		sasl_free(sasl);
	}
}

/* ---- whole exchanges with libgsasl's server side ---- */

static int give_password(Gsasl *library, Gsasl_session *session, Gsasl_property property)
{
	const char *const *account = gsasl_session_hook_get(session);

	(void)library;
	if (property == GSASL_PASSWORD)
		return gsasl_property_set(session, property, account[1]);
	if (property == GSASL_VALIDATE_SIMPLE) {
		return strcmp(gsasl_property_fast(session, GSASL_AUTHID), account[0]) == 0 &&
			       strcmp(gsasl_property_fast(session, GSASL_PASSWORD), account[1]) == 0
			   ? GSASL_OK
			   : GSASL_AUTHENTICATION_ERROR;
	}
	return GSASL_NO_CALLBACK;
}

/* GSASL_OK if both sides are content; else what the server's side said. */
static int run_exchange(const char *mechanism, const char *account[2], const char *password)
{
	Gsasl *library;
	Gsasl_session *server;
	struct sasl *client = start(mechanism, account[0], password);
	char *from_server = strdup("");
	char *from_client = NULL;
	int rc = GSASL_NEEDS_MORE;

	assert_int_equal(gsasl_init(&library), GSASL_OK);
	gsasl_callback_set(library, give_password);
	assert_int_equal(gsasl_server_start(library, mechanism, &server), GSASL_OK);
	gsasl_session_hook_set(server, account);
	while (rc == GSASL_NEEDS_MORE) {
		assert_ok(sasl_step(client, from_server, &from_client, ERR));
		free(from_server);
		from_server = NULL;
		rc = gsasl_step64(server, from_client != NULL ? from_client : "", &from_server);
		secret_free(from_client);
		from_client = NULL;
	}
	if (rc == GSASL_OK && !sasl_done(client))
		assert_ok(sasl_step(client, from_server, &from_client, ERR));
	assert_null(from_client);
	assert_true(rc != GSASL_OK || sasl_done(client));
	free(from_server);
	gsasl_finish(server);
	gsasl_done(library);
	sasl_free(client);
	return rc;
}

FIXTURE(random_nonce, NULL)

TEST(test_with_server)
{
	static const char *const mechanisms[] = {"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"};
	const char *account[2] = {"alice", "p\xc3\xa4ss w\xc3\xb6rd"};

	for (size_t i = 0; i < COUNT(mechanisms); i++) {
		assert_int_equal(run_exchange(mechanisms[i], account, account[1]), GSASL_OK);
		assert_int_equal(run_exchange(mechanisms[i], account, "pa\xcc\x88ss w\xc3\xb6rd"),
				 GSASL_OK);
		assert_int_equal(run_exchange(mechanisms[i], account, "wrong"),
				 GSASL_AUTHENTICATION_ERROR);
	}
}
