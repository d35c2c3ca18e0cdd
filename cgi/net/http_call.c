/*
 * Makes one call with a borrowed libcurl handle: sets its body and deadline, performs it, and
 * returns an answer or an error. A table has the error texts, each of which tells the operator the
 * next step. This file does not depend on XMPP. It never repeats a call, because the repetition
 * could create a second session.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_curl.h"
#include "net/http_url.h"

/* ---- the error text of a call without an answer ---- */

enum http_fault {
	FAULT_OTHER,
	FAULT_NO_NAME,
	FAULT_NO_CONNECTION,
	FAULT_CONNECT_TIMEOUT,
	FAULT_ANSWER_TIMEOUT,
	FAULT_TLS,
	FAULT_CERTIFICATE,
	FAULT_PIN,
	FAULT_TOO_LARGE,
	FAULT_NO_ANSWER,
	FAULT_BROKEN,
	FAULT_NOT_HTTP,
	FAULT_MEMORY,
	FAULT_COUNT
};

struct http_failure {
	enum http_fault fault;
	const char *origin;
	const char *service; /* the program that should answer at `origin` */
	const char *words;   /* libcurl's error text, or a more precise text */
	long os_error;       /* errno, for FAULT_NO_CONNECTION; 0 if there is none */
	long verify; /* for FAULT_CERTIFICATE, OpenSSL's X509_V_ERR_…; 0 with another TLS library */
	long ms;     /* how long the call waited before it timed out, in ms */
};

static const char *const fault_words[FAULT_COUNT] = {
    [FAULT_NO_NAME] = "the host name was not found: check the address",
    [FAULT_PIN] =
	"TLS: the server's public key is not in upstream_pin: if the server's key was changed on "
	"purpose, add the new key; if not, another machine answered instead of the server",
    [FAULT_NO_ANSWER] = "the connection was closed without an answer",
    [FAULT_BROKEN] = "the connection broke, or the answer is not framed as HTTP requires",
    [FAULT_NOT_HTTP] = "the answer is not HTTP/1.1: check the port",
    [FAULT_MEMORY] = "out of memory",
};

/* OpenSSL's numbers (openssl-verify-errors(3)), as libcurl returns them. */
static const struct {
	long verify;
	const char *words;
} certificate_words[] = {
    {9,  "the server's certificate is not valid yet: check the clocks of both machines" },
    {10, "the server's certificate has expired: renew the certificate on the server"    },
    {18, "the server's certificate is self-signed: if this is the right certificate, put it into "
	 "ca_file"							      },
    {19, "the CA that issued the server's certificate is not known here: put the CA's certificate "
	 "into ca_file"							 },
    {20, "the CA that issued the server's certificate is not known here: put the CA's certificate "
	 "into ca_file"							 },
    {21, "the CA that issued the server's certificate is not known here: put the CA's certificate "
	 "into ca_file"							 },
    {23, "the server's certificate was revoked: install a new certificate on the server"},
};

/*
 * Returns what is wrong with the certificate, or NULL if the cause is not known. The text is
 * static. OpenSSL has no number for a wrong host name, because libcurl itself compares the name,
 * after OpenSSL has accepted the certificate.
 */
static const char *certificate_fault(const struct http_failure *failure)
{
	for (size_t i = 0; i < sizeof(certificate_words) / sizeof(certificate_words[0]); i++)
		if (certificate_words[i].verify == failure->verify)
			return certificate_words[i].words;
	if (strstr(failure->words, "host name") != NULL)
		return "the server's certificate is for another name: use that name in the "
		       "address, or get a certificate for the name in the address";
	return NULL;
}

static enum status say_tls(const struct http_failure *failure, struct error *err)
{
	const char *words = NULL;

	if (failure->fault == FAULT_CERTIFICATE)
		words = certificate_fault(failure);
	if (words != NULL)
		return error_set(err, STATUS_CHAT_SERVER, "%s: TLS: %s", failure->origin, words);
	return error_set(err, STATUS_CHAT_SERVER,
			 "%s: TLS: %s; the certificate must be valid for this host name, and the "
			 "CA that issued it must be in the system's trust store or in ca_file",
			 failure->origin, failure->words);
}

/* Returns STATUS_CHAT_TIMEOUT for FAULT_ANSWER_TIMEOUT, otherwise STATUS_CHAT_SERVER. */
static enum status http_failure_say(const struct http_failure *failure, struct error *err)
{
	const char *words = fault_words[failure->fault];

	switch (failure->fault) {
	case FAULT_ANSWER_TIMEOUT:
		return error_set(err, STATUS_CHAT_TIMEOUT,
				 "%s: no complete answer within %ld ms (key timeout)",
				 failure->origin, failure->ms);
	case FAULT_CONNECT_TIMEOUT:
		return error_set(err, STATUS_CHAT_SERVER,
				 "%s: no connection within %ld ms: check that the host is up, that "
				 "no firewall blocks the connection, and that IPAddressAllow= of a "
				 "systemd service includes the host",
				 failure->origin, failure->ms);
	case FAULT_NO_CONNECTION:
		return error_set(err, STATUS_CHAT_SERVER,
				 "%s: no connection (%s): check that %s is running at this address",
				 failure->origin,
				 failure->os_error ? strerrordesc_np((int)failure->os_error)
						   : "no reason given",
				 failure->service);
	case FAULT_TLS:
	case FAULT_CERTIFICATE:
		return say_tls(failure, err);
	default:
		return error_set(err, STATUS_CHAT_SERVER, "%s: %s", failure->origin,
				 words != NULL ? words : failure->words);
	}
}

/* ---- the call ---- */

#define CONNECT_MAX_MS 1000 /* a host that is up answers a SYN far sooner */

/*
 * Returns the time-out for connecting, in ms. It is at most half of the time left, so that there is
 * time for the answer or for another upstream.
 */
static long connect_time(int64_t left_ms)
{
	if (left_ms / 2 > CONNECT_MAX_MS)
		return CONNECT_MAX_MS;
	return left_ms < 2 ? 1 : (long)(left_ms / 2);
}

/*
 * Sets the options of one call. POSTFIELDSIZE avoids a chunked request, which Tigase answers with
 * 500.
 */
static int set_one(struct http_connection *connection, const struct http_call *call,
		   int64_t left_ms)
{
	CURL *easy = connection->easy;
	int bad = 0;

	bad |= (int)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_time(left_ms));
	if (call->body != NULL) {
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)call->body_len);
		bad |= (int)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
	}
	return bad;
}

/* ---- what went wrong ---- */

static const struct {
	CURLcode code;
	enum http_fault fault;
} faults[] = {
    {CURLE_COULDNT_RESOLVE_HOST,     FAULT_NO_NAME      },
    {CURLE_COULDNT_CONNECT,          FAULT_NO_CONNECTION},
    {CURLE_SSL_CONNECT_ERROR,        FAULT_TLS          },
    {CURLE_SSL_CERTPROBLEM,          FAULT_TLS          },
    {CURLE_SSL_CIPHER,               FAULT_TLS          },
    {CURLE_SSL_CACERT_BADFILE,       FAULT_TLS          },
    {CURLE_SSL_ISSUER_ERROR,         FAULT_TLS          },
    {CURLE_PEER_FAILED_VERIFICATION, FAULT_CERTIFICATE  },
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, FAULT_PIN          },
    {CURLE_FILESIZE_EXCEEDED,        FAULT_TOO_LARGE    },
    {CURLE_GOT_NOTHING,              FAULT_NO_ANSWER    },
    {CURLE_PARTIAL_FILE,             FAULT_BROKEN       },
    {CURLE_RECV_ERROR,               FAULT_BROKEN       },
    {CURLE_SEND_ERROR,               FAULT_BROKEN       },
    {CURLE_UNSUPPORTED_PROTOCOL,     FAULT_NOT_HTTP     },
    {CURLE_WEIRD_SERVER_REPLY,       FAULT_NOT_HTTP     },
    {CURLE_OUT_OF_MEMORY,            FAULT_MEMORY       },
};

static enum http_fault fault_of(CURLcode rc, bool sent)
{
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return sent ? FAULT_ANSWER_TIMEOUT : FAULT_CONNECT_TIMEOUT;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].code == rc)
			return faults[i].fault;
	return FAULT_OTHER;
}

/*
 * Returns HTTP_NOT_CONNECTED for the three errors after which the call can be made again, because
 * no byte of the request was sent.
 */
static enum http_reach reach_of(CURLcode rc)
{
	return rc == CURLE_COULDNT_RESOLVE_HOST || rc == CURLE_COULDNT_CONNECT ||
		       rc == CURLE_SSL_CONNECT_ERROR
		   ? HTTP_NOT_CONNECTED
		   : HTTP_NOT_REACHED;
}

static enum status failure(const struct http_connection *connection, CURLcode rc, int64_t left_ms,
			   struct error *err)
{
	const struct http_target *target = &connection->target;
	struct http_answer *answer = connection->answer;
	bool sent = answer->reach == HTTP_SENT;
	struct http_failure what = {
	    .fault = fault_of(rc, sent),
	    .origin = target->origin,
	    .service = connection->client->service,
	    .words = curl_easy_strerror(rc),
	    .ms = sent ? (long)left_ms : connect_time(left_ms),
	};

	if (!sent)
		answer->reach = reach_of(rc);
	/*
	 * Use libcurl's own text only for TLS errors. For other errors it can quote the URL, which
	 * can hold an API key.
	 */
	if (connection->why[0] && (what.fault == FAULT_TLS || what.fault == FAULT_CERTIFICATE))
		what.words = connection->why;
	if (what.fault == FAULT_TOO_LARGE)
		what.words = http_too_large(connection->client);
	if (connection->refused != NULL)
		return error_set(err, STATUS_CHAT_SERVER, "%s: %s", target->origin,
				 connection->refused);
	curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &what.os_error);
	curl_easy_getinfo(connection->easy, CURLINFO_SSL_VERIFYRESULT, &what.verify);
	return http_failure_say(&what, err);
}

/* ---- the call ---- */

/*
 * Returns when the server's own certificate expires, in seconds since 1970. Returns 0 if the time
 * is not known. The server's own certificate is the first in the list.
 */
static int64_t certificate_end(CURL *easy)
{
	static const char field[] = "Expire date:";
	struct curl_certinfo *chain = NULL;
	const struct curl_slist *line = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) == CURLE_OK && chain != NULL &&
	    chain->num_of_certs > 0)
		line = chain->certinfo[0];
	for (; line != NULL; line = line->next) {
		if (strncmp(line->data, field, strlen(field)) == 0)
			return http_date_read(line->data + strlen(field));
	}
	return 0;
}

static void answer_read_head(CURL *easy, struct http_answer *out)
{
	long status = 0;
	char *type = NULL;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	out->status = (int)status;
	out->certificate_ends = certificate_end(easy);
	snprintf(out->content_type, sizeof(out->content_type), "%s", type != NULL ? type : "");
}

void http_answer_init(struct http_answer *answer)
{
	*answer = (struct http_answer){0};
	strbuf_init_secret(&answer->body);
	strbuf_init_secret(&answer->head);
}

void http_answer_clear(struct http_answer *answer)
{
	strbuf_clear(&answer->body);
	strbuf_clear(&answer->head);
}

static enum status connection_perform(struct http_connection *connection,
				      const struct http_call *call, struct error *err)
{
	int64_t left_ms = clock_left_ms(call->deadline_ms);
	enum status status = STATUS_OK;
	CURLcode rc;

	if (left_ms <= 0) /* for libcurl, 0 means that there is no time-out */
		return error_set(err, STATUS_CHAT_TIMEOUT,
				 "%s: the time allowed by the key timeout ran out before this call",
				 connection->target.origin);
	if (set_one(connection, call, left_ms)) {
		http_settings_forget(connection);
		return error_set(err, STATUS_INTERNAL, "libcurl refuses an option");
	}
	rc = curl_easy_perform(connection->easy);
	if (rc == CURLE_OK)
		answer_read_head(connection->easy, connection->answer);
	else
		status = failure(connection, rc, left_ms, err);
	if (rc != CURLE_OK)
		http_settings_forget(connection);
	else if (call->body != NULL) /* libcurl must not keep a pointer to the caller's body */
		curl_easy_setopt(connection->easy, CURLOPT_POSTFIELDS, NULL);
	return status;
}

enum status http_connection_call(struct http_connection *connection, const struct http_call *call,
				 struct http_answer *out, struct error *err)
{
	enum status status;

	out->status = 0;
	out->content_type[0] = '\0';
	out->reach = HTTP_NOT_BEGUN;
	strbuf_reset(&out->body);
	strbuf_reset(&out->head);
	out->certificate_ends = 0;
	status = http_settings_make(connection, call, err);
	if (status != STATUS_OK)
		return status;
	connection->answer = out;
	connection->refused = NULL;
	connection->why[0] = '\0';
	status = connection_perform(connection, call, err);
	connection->answer = NULL;
	if (call->cookie != NULL) /* the cookie is secret, and the next call does not need it */
		http_settings_forget(connection);
	return status;
}
