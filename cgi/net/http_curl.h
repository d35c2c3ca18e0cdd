/*
 * What the files of net/ share of libcurl and of the handles that they wrap. Internal to net/, and
 * the one file that includes libcurl.
 */
#ifndef NET_HTTP_CURL_H
#define NET_HTTP_CURL_H

#include <curl/curl.h>
#include <pthread.h>

#include "net/http_client.h"
#include "net/http_target.h"

struct http_client {
	char *ca_file; /* "" : the system's */
	char *pins;    /* "" : none; else as CURLOPT_PINNEDPUBLICKEY wants them */
	bool allow_http;
	pthread_mutex_t lock;         /* guards idle */
	struct http_connection *idle; /* last returned first: the warmest */
};

struct http_connection {
	const struct http_client *client;
	struct http_connection *next;
	CURL *easy;
	curl_socket_t socket; /* the one kept connection's; CURL_SOCKET_BAD: none */

	/* What the handle is set to, for as long as calls differ in body and deadline alone. */
	struct strbuf settings;    /* as http_settings.c writes them; "" : to nothing */
	struct http_target target; /* of its URL */
	CURLU *url;                /* libcurl borrows these two */
	struct curl_slist *headers;

	struct http_answer *answer; /* of the call that is running */
	const char *refused;        /* why a callback stopped it, or NULL */
	char why[CURL_ERROR_SIZE];
};

/*
 * Takes a URL apart and keeps the parts in url: what is checked is what will be called.
 * STATUS_BAD_REQUEST: it is none, or has credentials in it.
 */
enum status http_target_read(CURLU *url, const char *text, struct http_target *out,
			     struct error *err);

/* http_settings.c: sets the handle for a call, unless it is set so already. */
enum status http_settings_make(struct http_connection *connection, const struct http_call *call,
			       struct error *err);
/* The handle is as new, but for the connection that it keeps. */
void http_settings_forget(struct http_connection *connection);

/* http_events.c: what libcurl is to call while a call runs; not 0: libcurl does not take it. */
int http_events_set(struct http_connection *connection);

#endif
