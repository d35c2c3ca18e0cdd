/*
 * Writes and reads BOSH bodies (XEP-0124, XEP-0206) for the four steps of a log-in: creation, SASL
 * (RFC 6120, 6), restart, bind (RFC 6120, 7). Pure: prebind/bosh_login.c makes the requests.
 */
#ifndef XMPP_BOSH_H
#define XMPP_BOSH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define BOSH_CONTENT_TYPE "text/xml; charset=utf-8"
#define BOSH_SID_MAX      128

struct bosh_create {
	const char *domain;
	const char *route; /* XEP-0124, 7.1; NULL or "" for none */
	int64_t rid;
	long hold;
	long wait; /* seconds */
};
void bosh_create_write(struct strbuf *out, const struct bosh_create *create);

/* Writes a body. payload is XML made by the functions below, copied unchanged; "" for none. */
void bosh_body_write(struct strbuf *out, const char *sid, int64_t rid, const char *payload);
void bosh_restart_write(struct strbuf *out, const char *sid, int64_t rid, const char *domain);
void bosh_terminate_write(struct strbuf *out, const char *sid, int64_t rid);

/*
 * Each function writes one payload. base64 is the encoded SASL data, or NULL for none. An empty
 * initial response is sent as "=".
 */
void bosh_sasl_auth_write(struct strbuf *out, const char *mechanism, const char *base64);
void bosh_sasl_response_write(struct strbuf *out, const char *base64);
void bosh_bind_write(struct strbuf *out, const char *id,
		     const char *resource); /* if NULL, the server chooses */
void bosh_session_write(struct strbuf *out, const char *id);
void bosh_ping_write(struct strbuf *out, const char *id, const char *domain); /* XEP-0199 */

enum bosh_step {               /* the kind of an answer's payload */
		 BOSH_NOTHING, /* an empty body; the client must send another request */
		 BOSH_FEATURES,
		 BOSH_CHALLENGE,
		 BOSH_SUCCESS,
		 BOSH_FAILURE,
		 BOSH_BOUND,  /* the result of the bind iq */
		 BOSH_RESULT, /* another iq result */
		 BOSH_IQ_ERROR,
		 BOSH_OTHER
};

struct bosh_answer {
	enum bosh_step step;
	char sid[BOSH_SID_MAX + 1]; /* "" if the answer has none */
	long wait;                  /* seconds; -1 if not given */
	long hold;                  /* -1 if not given */
	long inactivity;            /* seconds; -1 if not given */
	char *mechanisms;           /* owned; names separated by spaces; "" for none */
	bool bind_offered;
	bool session_required; /* the session iq of RFC 3921 is offered and not <optional/> */
	char *data;      /* owned; base64 for CHALLENGE and SUCCESS, JID for BOUND; otherwise "" */
	char *condition; /* owned; defined condition of FAILURE or IQ_ERROR; "" for none */
};

/*
 * Reads one answer. Returns STATUS_CHAT_SERVER for a body with type='terminate' or 'error', a
 * stream error, or a root that is not a body. err->text has the condition's name. The caller clears
 * *out.
 */
enum status bosh_answer_read(const char *data, size_t len, struct bosh_answer *out,
			     struct error *err);
void bosh_answer_clear(struct bosh_answer *answer);

#endif
