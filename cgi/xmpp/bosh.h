/*
 * BOSH bodies (XEP-0124, XEP-0206): written and read for the four steps of a log-in: creation, SASL
 * (RFC 6120 6), restart, bind (RFC 6120 7). Pure: the round trips are made by prebind/bosh_login.c.
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
	const char *route; /* XEP-0124 7.1; NULL or "" : none */
	int64_t rid;
	long hold;
	long wait; /* seconds */
};
void bosh_create_write(struct strbuf *out, const struct bosh_create *create);

/* payload: XML that is put inside the body as it is (made by the functions below); "" for none. */
void bosh_body_write(struct strbuf *out, const char *sid, int64_t rid, const char *payload);
void bosh_restart_write(struct strbuf *out, const char *sid, int64_t rid, const char *domain);
void bosh_terminate_write(struct strbuf *out, const char *sid, int64_t rid);

/*
 * Payloads. base64: the SASL data already encoded; NULL: none (an empty initial response is "=").
 */
void bosh_sasl_auth_write(struct strbuf *out, const char *mechanism, const char *base64);
void bosh_sasl_response_write(struct strbuf *out, const char *base64);
void bosh_bind_write(struct strbuf *out, const char *id,
		     const char *resource); /* NULL: the server chooses */
void bosh_session_write(struct strbuf *out, const char *id);

enum bosh_step {               /* what an answer's payload is */
		 BOSH_NOTHING, /* an empty body: ask again */
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
	char sid[BOSH_SID_MAX + 1]; /* "" where the answer has none */
	long wait;                  /* seconds; -1: not said */
	long hold;                  /* -1: not said */
	long inactivity;            /* seconds; -1: not said */
	char *mechanisms;           /* owned; blank-separated names of the features; "" for none */
	bool bind_offered;
	bool session_required; /* the old session iq, offered and not <optional/> */
	char *data; /* owned; text of challenge or success (base64), JID of BOUND; "" for none */
	char *
	    condition; /* owned; of FAILURE and IQ_ERROR: the defined condition's name; "" for none */
};

/*
 * Reads one answer. A body with type='terminate' (or 'error'), a stream error, a non-body root are
 * STATUS_CHAT_SERVER with the condition named. The caller clears *out.
 */
enum status bosh_answer_read(const char *data, size_t len, struct bosh_answer *out,
			     struct error *err);
void bosh_answer_clear(struct bosh_answer *answer);

#endif
