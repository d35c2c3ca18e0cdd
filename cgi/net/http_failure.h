/*
 * Makes the error sentence for a call without an answer: one for each cause, with the next step.
 * Internal to net/. http_call.c finds the cause.
 */
#ifndef NET_HTTP_FAILURE_H
#define NET_HTTP_FAILURE_H

#include "base/error.h"

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
	const char *words; /* libcurl's text */
	long os_error;     /* of FAULT_NO_CONNECTION; 0: none */
	long verify; /* of FAULT_CERTIFICATE: OpenSSL's X509_V_ERR_…; 0 with another TLS library */
	long ms;     /* of the time-outs: the time waited */
};

/* Returns STATUS_CHAT_TIMEOUT for FAULT_ANSWER_TIMEOUT, otherwise STATUS_CHAT_SERVER. */
enum status http_failure_say(const struct http_failure *failure, struct error *err);

#endif
