/*
 * SASL for the client, with libgsasl. This file itself does the base64 of XMPP (RFC 6120, 6.4.2),
 * the choice of the mechanism, and X-OAUTH2. It limits the work that a server can demand, and wipes
 * secrets. No callback is set, so libgsasl gets only user and password. There is no authorization
 * identity and no channel binding (no -PLUS mechanism).
 */
#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "xmpp/sasl.h"

/* A million rounds of HMAC-SHA-256 take about a second; servers use 4096 to 600000. */
#define ITERATIONS_MAX 1000000

/*
 * Maximum bytes of a server's message, which has nonces, a salt or a signature. This is ten times
 * the usual size.
 */
#define MESSAGE_MAX 4096

#define TRACE "prebind"

struct sasl {
	Gsasl *library;         /* owned; one for each exchange, so that exchanges share nothing */
	Gsasl_session *session; /* owned */
	bool scram;
	bool done;
};

/* ---- the choice ---- */

/*
 * Sorted from the strongest to the weakest mechanism. The message of X-OAUTH2 has the same form as
 * that of PLAIN: NUL user NUL token.
 */
static const struct mechanism {
	const char *name;
	const char *library; /* the mechanism that libgsasl runs for it */
	bool scram;
	bool in_clear; /* sends the secret in clear */
} mechanisms[] = {
    {.name = SASL_SCRAM_SHA_256, .library = SASL_SCRAM_SHA_256, .scram = true},
    {.name = SASL_SCRAM_SHA_1,                          .library = SASL_SCRAM_SHA_1,                                .scram = true},
    {.name = SASL_PLAIN,             .library = SASL_PLAIN,           .in_clear = true},
    {.name = SASL_X_OAUTH2,.library = SASL_PLAIN,.in_clear = true},
    {.name = SASL_ANONYMOUS,      .library = SASL_ANONYMOUS                     },
};
#define N_MECHANISMS (sizeof(mechanisms) / sizeof(mechanisms[0]))

static bool is_listed(const char *list, const char *name)
{
	for (size_t n; *list != '\0'; list += n) {
		list += strspn(list, " ");
		n = strcspn(list, " ");
		if (n == strlen(name) && strncmp(list, name, n) == 0)
			return true;
	}
	return false;
}

const char *sasl_choose(const char *offered, const char *allowed, enum sasl_channel channel)
{
	for (size_t i = 0; i < N_MECHANISMS; i++) {
		const struct mechanism *row = &mechanisms[i];

		if (row->in_clear && channel != SASL_CHANNEL_PRIVATE)
			continue;
		if (is_listed(offered, row->name) && is_listed(allowed, row->name))
			return row->name;
	}
	return NULL;
}

static const struct mechanism *mechanism_find(const char *name)
{
	for (size_t i = 0; i < N_MECHANISMS; i++)
		if (strcmp(mechanisms[i].name, name) == 0)
			return &mechanisms[i];
	return NULL;
}

/* ---- the exchange ---- */

/*
 * libidn's errors, as libgsasl returns them. If the text is valid UTF-8, each of them means a lack
 * of memory.
 */
enum { STRINGPREP_ICONV = 104, STRINGPREP_NFKC = 200, STRINGPREP_MEMORY = 201 };

static bool lacks_memory(int why, const char *text)
{
	return (why == STRINGPREP_ICONV || why == STRINGPREP_NFKC || why == STRINGPREP_MEMORY) &&
	       utf8_valid(text, strlen(text));
}

/*
 * Prepares the password, because servers compare prepared passwords (RFC 4616, 2), and libgsasl
 * prepares passwords for SCRAM only.
 */
static enum status password_set(Gsasl_session *session, const char *password, struct error *err)
{
	char *prepared = NULL;
	int why = 0;
	int rc = gsasl_saslprep(password, GSASL_ALLOW_UNASSIGNED, &prepared, &why);

	if (rc == GSASL_OK)
		rc = gsasl_property_set(session, GSASL_PASSWORD, prepared);
	secret_free(prepared);
	if (rc == GSASL_OK)
		return STATUS_OK;
	if (rc == GSASL_MALLOC_ERROR || lacks_memory(why, password))
		return error_no_memory(err);
	return error_set(err, STATUS_CHAT_SERVER,
			 "the XMPP password has characters that SASLprep (RFC 4013) refuses: "
			 "change it on the XMPP server and in prebind");
}

static enum status session_start(struct sasl *sasl, const struct mechanism *row, struct error *err)
{
	int rc = gsasl_init(&sasl->library);

	if (rc != GSASL_OK)
		sasl->library = NULL; /* libgsasl has freed what it points to */
	if (rc == GSASL_OK)
		rc = gsasl_client_start(sasl->library, row->library, &sasl->session);
	if (rc == GSASL_OK)
		return STATUS_OK;
	return error_set(err, STATUS_INTERNAL, "libgsasl cannot start %s: %s", row->library,
			 gsasl_strerror(rc));
}

/*
 * RFC 4505, 2: ANONYMOUS sends a text about the client, which servers ignore or log. Our text says
 * nothing about the visitor.
 */
static enum status properties_set(Gsasl_session *session, const struct mechanism *row,
				  const char *user, const char *password, struct error *err)
{
	bool anonymous = strcmp(row->name, SASL_ANONYMOUS) == 0;
	enum status status = anonymous ? STATUS_OK : password_set(session, password, err);
	int rc = GSASL_OK;

	if (status != STATUS_OK)
		return status;
	rc = anonymous ? gsasl_property_set(session, GSASL_ANONYMOUS_TOKEN, TRACE)
		       : gsasl_property_set(session, GSASL_AUTHID, user);
	return rc == GSASL_OK ? STATUS_OK : error_no_memory(err);
}

enum status sasl_new(const char *mechanism, const char *user, const char *password,
		     struct sasl **out, struct error *err)
{
	const struct mechanism *row = mechanism_find(mechanism);
	struct sasl *sasl;
	enum status status;

	if (row == NULL)
		return error_set(err, STATUS_INTERNAL,
				 "%s is not a SASL mechanism that prebind supports", mechanism);
	sasl = calloc(1, sizeof(*sasl));
	if (sasl == NULL)
		return error_no_memory(err);
	sasl->scram = row->scram;
	status = session_start(sasl, row, err);
	if (status == STATUS_OK)
		status = properties_set(sasl->session, row, user, password, err);
	if (status == STATUS_OK)
		*out = sasl;
	else
		sasl_free(sasl);
	return status;
}

/*
 * Wipes libgsasl's copies of secrets, including the SCRAM keys, because libgsasl frees them without
 * wiping.
 */
static void session_wipe(Gsasl_session *session)
{
	static const Gsasl_property secrets[] = {GSASL_PASSWORD, GSASL_SCRAM_SALTED_PASSWORD,
						 GSASL_SCRAM_SERVERKEY, GSASL_SCRAM_STOREDKEY};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		char *value = (char *)gsasl_property_fast(session, secrets[i]);

		if (value != NULL)
			secret_wipe(value, strlen(value));
	}
}

void sasl_free(struct sasl *sasl)
{
	if (sasl == NULL)
		return;
	if (sasl->session != NULL) {
		session_wipe(sasl->session);
		gsasl_finish(sasl->session);
	}
	if (sasl->library != NULL)
		gsasl_done(sasl->library);
	free(sasl);
}

/*
 * SCRAM's server-first-message is "r=…,s=…,i=N[,…]" (RFC 5802, 7). libgsasl accepts any N, so one
 * answer could keep a thread busy for an hour.
 */
static bool iterations_allowed(const char *message)
{
	const char *field = strstr(message, ",i=");

	return field == NULL || strtoul(field + 3, NULL, 10) <= ITERATIONS_MAX;
}

/* Decodes the server's message and checks its iteration count. */
static enum status message_decode(const struct sasl *sasl, const char *in, struct strbuf *out,
				  struct error *err)
{
	enum status status;

	out->max = MESSAGE_MAX;
	status = codec_base64_decode(out, in, strlen(in));
	if (!strbuf_ok(out) && !strbuf_is_full(out))
		return error_no_memory(err);
	if (status != STATUS_OK || strlen(out->data) != out->len)
		return error_set(err, STATUS_CHAT_SERVER,
				 "the XMPP server's SASL message is not base64, or too long");
	if (sasl->scram && !iterations_allowed(out->data))
		return error_set(err, STATUS_CHAT_SERVER,
				 "the XMPP server asks for more than %d SCRAM iterations: lower "
				 "the iteration count on the XMPP server",
				 ITERATIONS_MAX);
	return STATUS_OK;
}

static enum status refuse_step(int rc, struct error *err)
{
	switch (rc) {
	case GSASL_MALLOC_ERROR:
		return error_no_memory(err);
	case GSASL_AUTHENTICATION_ERROR:
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "the XMPP server's SCRAM signature or nonce is wrong: the XMPP server does not "
		    "know the password, or another machine answered instead");
	default:
		return error_set(err, STATUS_CHAT_SERVER,
				 "the XMPP server's SASL message is not valid: %s",
				 gsasl_strerror(rc));
	}
}

/* Encodes a message of libgsasl in base64; *out is NULL if the message is empty. */
static enum status message_encode(const char *data, size_t len, char **out, struct error *err)
{
	struct strbuf text;

	if (len == 0) {
		*out = NULL;
		return STATUS_OK;
	}
	strbuf_init_secret(&text);
	codec_base64(&text, (const unsigned char *)data, len);
	if (!strbuf_ok(&text)) {
		strbuf_clear(&text);
		return error_no_memory(err);
	}
	*out = strbuf_take(&text);
	return STATUS_OK;
}

enum status sasl_step(struct sasl *sasl, const char *in, char **out, struct error *err)
{
	struct strbuf message;
	char *answer = NULL;
	size_t len = 0;
	enum status status;
	int rc;

	if (sasl->done) /* otherwise libgsasl would send PLAIN's password again */
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "the XMPP server sent a SASL message after the exchange had ended");
	strbuf_init(&message);
	status = message_decode(sasl, in, &message, err);
	if (status != STATUS_OK)
		goto out;
	rc = gsasl_step(sasl->session, message.data, message.len, &answer, &len);
	if (rc != GSASL_OK && rc != GSASL_NEEDS_MORE) {
		status = refuse_step(rc, err);
		goto out;
	}
	status = message_encode(answer, len, out, err);
	if (status == STATUS_OK)
		sasl->done = rc == GSASL_OK;
out:
	if (answer != NULL) {
		secret_wipe(answer, len);
		gsasl_free(answer);
	}
	strbuf_clear(&message);
	return status;
}

bool sasl_done(const struct sasl *sasl)
{
	return sasl->done;
}
