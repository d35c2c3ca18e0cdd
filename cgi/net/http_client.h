/*
 * Makes HTTP calls to the XMPP server and to the site, with libcurl. A pool has the handles, whose
 * connections stay open. Redirects, proxies, a cookie store, chunked requests and decompression are
 * not used. TLS certificates are always verified. A call has one deadline. Thread-safe, because
 * each call borrows a handle.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

#define HTTP_ANSWER_MAX  65536   /* bytes of an answer's body; genuine answers have a few KiB */
#define HTTP_INSPECT_MAX 4194304 /* bytes; Converse.js as one file has 2 MB */

struct http_client;

struct http_client_options {
	const char *ca_file; /* "" for the system's certificate authorities */
	const char *pins; /* "sha256//BASE64=;…"; the server's key must match one; NULL for any */
	bool allow_http;  /* allow plain http to hosts that are not loopback */
	/*
	 * Set it to examine a web server. Answers then include the head and the time when the
	 * certificate expires. Answers can then be compressed, and can have up to HTTP_INSPECT_MAX
	 * bytes.
	 */
	bool inspect;
	/*
	 * For error texts. `service` and `http_key` are borrowed, and must live as long as the
	 * client.
	 */
	const char *service;  /* name of the service; NULL for the XMPP server's HTTP service */
	const char *http_key; /* the key that sets allow_http; NULL if there is none */
};

/*
 * Starts libcurl for the process. Call it once, before threads start. Returns an error if libcurl
 * is too old or not thread-safe.
 */
enum status http_client_start(struct error *err);
void http_client_stop(void);

enum status http_client_new(const struct http_client_options *options, struct http_client **out,
			    struct error *err);
void http_client_free(struct http_client *client); /* NULL is allowed */

/*
 * Returns STATUS_BAD_REQUEST if the URL is not http or https, or has credentials in it. Also
 * returns STATUS_BAD_REQUEST for plain http to a host that is not loopback, unless allow_http is
 * set.
 */
enum status http_client_url_check(const struct http_client *client, const char *url,
				  struct error *err);

/* True for https and for loopback, where a password can be sent in clear (SASL PLAIN). */
bool http_url_is_private(const char *url);

/* True if the URL names this machine by a loopback address or as localhost. */
bool http_url_is_loopback(const char *url);

/* A borrowed handle, for several calls on one connection that stays open (BOSH). */
struct http_connection;
struct http_connection *http_connection_borrow(
    struct http_client *client); /* NULL if out of memory */
void http_connection_return(struct http_client *client,
			    struct http_connection *connection); /* NULL is allowed */

struct http_call {
	const char *url;
	const char *body; /* NULL for GET, otherwise POST */
	size_t body_len;
	const char *content_type;
	const char *accept; /* the Accept header; NULL for none */
	const char *user;   /* for HTTP Basic; NULL for none */
	const char *password;
	const char *method;         /* NULL for the default: POST with a body, otherwise GET */
	const char *header;         /* one more header, "Name: value"; NULL for none */
	const char *const *headers; /* more headers, ending with NULL; NULL for none */
	const char *host;           /* the Host header; NULL for the host of the URL */
	const char *cookie;         /* the Cookie header, or NULL; removed after the call */
	int64_t deadline_ms;        /* monotonic */
};

/* How far a call got. */
enum http_reach {
	HTTP_NOT_BEGUN,     /* the URL is not allowed, or no time is left */
	HTTP_NOT_CONNECTED, /* DNS, TCP or TLS failed; nothing was sent; another try can succeed */
	HTTP_NOT_REACHED,   /* timed out, or the certificate is not trusted; nothing was sent */
	HTTP_SENT           /* part of the request might have been sent; never send it again */
};

struct http_answer {
	int status;
	char content_type[128];   /* "" for none */
	struct strbuf body;       /* secret: wiped when cleared */
	struct strbuf head;       /* secret; the header lines, only with `inspect` */
	int64_t certificate_ends; /* wall clock, seconds; 0 if not known, or without `inspect` */
	enum http_reach reach;
};

/*
 * Makes one call. Returns STATUS_OK for every HTTP status. Returns STATUS_CHAT_TIMEOUT if the
 * deadline passed. Returns STATUS_CHAT_SERVER if there is no connection, TLS fails, or the answer
 * is broken or too large. err->text has the cause, the host and the port, but never the query. The
 * caller initializes and clears *out, and can use it for the next call.
 */
void http_answer_init(struct http_answer *answer);
void http_answer_clear(struct http_answer *answer);
enum status http_connection_call(struct http_connection *connection, const struct http_call *call,
				 struct http_answer *out, struct error *err);

#endif
