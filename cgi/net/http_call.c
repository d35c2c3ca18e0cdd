/*
 * Makes one call on a borrowed handle: sets its body and deadline, performs it, and returns an
 * answer or a fault. http_failure.c makes the fault a sentence. This file knows no XMPP. It never
 * repeats a call, because the repetition could create a second session.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_curl.h"
#include "net/http_failure.h"

#define CONNECT_MAX_MS 1000 /* a host that is up answers a SYN far sooner */

/* At most half of the time left, so that the rest remains for the answer or another upstream. */
static long connect_time(int64_t left_ms)
{
	if (left_ms / 2 > CONNECT_MAX_MS)
		return CONNECT_MAX_MS;
	return left_ms < 2 ? 1 : (long)(left_ms / 2);
}

/* POSTFIELDSIZE avoids a chunked request, which Tigase answers with 500. */
static int set_one(struct http_connection *connection, const struct http_call *call,
		   int64_t left_ms)
{
	CURL *easy = connection->easy;
	int bad = 0;

	bad |= (int)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
	bad |= (int)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_time(left_ms));
	if (call->body) {
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

/* The only three faults after which a call may be repeated: no byte of the request was sent. */
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
	    .words = curl_easy_strerror(rc),
	    .ms = sent ? (long)left_ms : connect_time(left_ms),
	};

	if (!sent)
		answer->reach = reach_of(rc);
	/* For other faults libcurl's text may quote the URL, which may hold an API key. */
	if (connection->why[0] && (what.fault == FAULT_TLS || what.fault == FAULT_CERTIFICATE))
		what.words = connection->why;
	if (connection->refused)
		return error_set(err, STATUS_CHAT_SERVER, "%s: %s", target->origin,
				 connection->refused);
	curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &what.os_error);
	curl_easy_getinfo(connection->easy, CURLINFO_SSL_VERIFYRESULT, &what.verify);
	return http_failure_say(&what, err);
}

/* ---- the call ---- */

static void answer_read_head(CURL *easy, struct http_answer *out)
{
	long status = 0;
	char *type = NULL;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	out->status = (int)status;
	snprintf(out->content_type, sizeof(out->content_type), "%s", type ? type : "");
}

void http_answer_init(struct http_answer *answer)
{
	*answer = (struct http_answer){0};
	strbuf_init_secret(&answer->body);
}

void http_answer_clear(struct http_answer *answer)
{
	strbuf_clear(&answer->body);
}

static enum status connection_perform(struct http_connection *connection,
				      const struct http_call *call, struct error *err)
{
	int64_t left_ms = clock_left_ms(call->deadline_ms);
	enum status status = STATUS_OK;
	CURLcode rc;

	if (left_ms <= 0) /* libcurl takes a time-out of 0 for none */
		return error_set(err, STATUS_CHAT_TIMEOUT,
				 "%s: the time allowed (key timeout) was used up before this call",
				 connection->target.origin);
	if (set_one(connection, call, left_ms)) {
		http_settings_forget(connection);
		return error_set(err, STATUS_INTERNAL, "libcurl does not take an option");
	}
	rc = curl_easy_perform(connection->easy);
	if (rc == CURLE_OK)
		answer_read_head(connection->easy, connection->answer);
	else
		status = failure(connection, rc, left_ms, err);
	if (rc != CURLE_OK)
		http_settings_forget(connection);
	else if (call->body) /* libcurl must not keep a pointer to the caller's body */
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
	status = http_settings_make(connection, call, err);
	if (status != STATUS_OK)
		return status;
	connection->answer = out;
	connection->refused = NULL;
	connection->why[0] = '\0';
	status = connection_perform(connection, call, err);
	connection->answer = NULL;
	return status;
}
