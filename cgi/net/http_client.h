/*
 * HTTP to the XMPP server, by libcurl: a pool of handles whose connections are kept, never a
 * redirect, a proxy, a cookie, a chunked request or a decompressed answer; TLS always verified; one
 * deadline. Thread-safe: each call borrows a handle.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define HTTP_ANSWER_MAX 65536 /* bytes of an answer's body: the longest honest one is a few KiB */

struct http_client;

struct http_client_options {
	const char *ca_file; /* "" : the system's */
	const char *
	    pins; /* "sha256//BASE64=;sha256//…": keys, of which a server must have one; NULL: any */
	bool allow_http; /* plain http also to hosts that are not loopback */
};

/* Process-wide: once, before threads; refuses a libcurl that is too old or not thread-safe. */
enum status http_client_start(struct error *err);
void http_client_stop(void);

enum status http_client_new(const struct http_client_options *options, struct http_client **out,
			    struct error *err);
void http_client_free(struct http_client *client); /* takes NULL */

/*
 * STATUS_BAD_REQUEST: not http(s), credentials inside, or plain http to a host that is not
 * loopback.
 */
enum status http_client_url_check(const struct http_client *client, const char *url,
				  struct error *err);

/* https, or to loopback: a URL that a password may cross in clear (SASL PLAIN). */
bool http_url_is_private(const char *url);

/* A borrowed handle, for several calls on one kept connection (BOSH). */
struct http_connection;
struct http_connection *http_connection_borrow(
    struct http_client *client); /* NULL: out of memory */
void http_connection_return(struct http_client *client,
			    struct http_connection *connection); /* takes NULL */

struct http_call {
	const char *url;
	const char *body; /* NULL: GET; else POST */
	size_t body_len;
	const char *content_type;
	const char *accept; /* NULL: none sent */
	const char *user;   /* HTTP Basic; NULL: none */
	const char *password;
	const char *header;  /* one more "Name: value", or NULL */
	int64_t deadline_ms; /* monotonic */
};

/* How far a call came. */
enum http_reach {
	HTTP_NOT_BEGUN,     /* it may not be made, or no time was left */
	HTTP_NOT_CONNECTED, /* no name, no TCP, no TLS: nothing was sent, once more may help */
	HTTP_NOT_REACHED, /* nothing was sent either: too slow, or a certificate not to be trusted */
	HTTP_SENT         /* a byte of the request may have left: never repeat such a call */
};

struct http_answer {
	int status;
	char content_type[128]; /* "" : none */
	struct strbuf body;     /* secret: wiped when cleared */
	enum http_reach reach;
};

/*
 * One call. Any HTTP status is STATUS_OK here. STATUS_CHAT_TIMEOUT: the deadline;
 * STATUS_CHAT_SERVER: no connection, a broken or too large answer, TLS; the sentence says which,
 * with host and port, never the query. The caller inits and clears *out; it may be used for the
 * next call.
 */
void http_answer_init(struct http_answer *answer);
void http_answer_clear(struct http_answer *answer);
enum status http_connection_call(struct http_connection *connection, const struct http_call *call,
				 struct http_answer *out, struct error *err);

#endif
