/*
 * The structs around libcurl that the files of net/ share. Internal to net/. Only this file
 * includes libcurl.
 */
#ifndef NET_HTTP_CURL_H
#define NET_HTTP_CURL_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/error.h"
#include "net/http_client.h"

#define HTTP_ORIGIN_MAX 288 /* bytes: "https://" + a host name of 253 + ":65535" */

struct http_target {
	char origin[HTTP_ORIGIN_MAX]; /* scheme://host:port; never a path or a query */
	bool https;
	bool loopback;
};

/* Returns STATUS_BAD_REQUEST for plain http to another machine, unless allow_http is set. */
enum status http_target_allow(const struct http_client *client, const struct http_target *target,
			      struct error *err);

struct http_client {
	char *ca_file; /* "" for the system's certificate authorities */
	char *pins;    /* in the form of CURLOPT_PINNEDPUBLICKEY; "" for none */
	bool allow_http;
	bool inspect;
	const char *service;          /* from the options, borrowed */
	const char *http_key;         /* NULL if there is none */
	pthread_mutex_t lock;         /* guards idle */
	struct http_connection *idle; /* a stack; the connection used last is borrowed first */
};

struct http_connection {
	const struct http_client *client;
	struct http_connection *next;
	CURL *easy;
	curl_socket_t socket; /* socket of the open connection, or CURL_SOCKET_BAD */

	/* These members stay set until a call differs in more than its body and deadline. */
	struct strbuf settings;    /* as written by http_settings.c; "" for none */
	struct http_target target; /* target of the URL in settings */
	CURLU *url;                /* libcurl borrows url and headers */
	struct curl_slist *headers;

	struct http_answer *answer; /* answer of the running call */
	const char *refused;        /* why a callback stopped the call, or NULL; static */
	char why[CURL_ERROR_SIZE];
};

/*
 * Parses text, and stores its parts in *out and in url. The call uses url, so exactly the checked
 * URL is called. Returns STATUS_BAD_REQUEST if the text is not a URL, or if it has credentials in
 * it.
 */
enum status http_target_read(CURLU *url, const char *text, struct http_target *out,
			     struct error *err);

/*
 * Sets the options of the handle for a call, unless they are set already. Defined in
 * http_settings.c.
 */
enum status http_settings_make(struct http_connection *connection, const struct http_call *call,
			       struct error *err);
/* Resets the handle, but keeps its connection. */
void http_settings_forget(struct http_connection *connection);
/* Returns a static string, the error for an answer that is larger than this client accepts. */
const char *http_too_large(const struct http_client *client);

#endif
