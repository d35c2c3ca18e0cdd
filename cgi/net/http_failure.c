/*
 * The error sentences. They name the origin that was called, never the rest of the URL, which may
 * hold an API key.
 */
#include "net/http_failure.h"

#include <string.h>

static const char *const fault_words[FAULT_COUNT] = {
    [FAULT_NO_NAME] = "its host name is not known to DNS: check the address",
    [FAULT_PIN] = "TLS: its public key is none of those in upstream_pin: if it was changed there "
		  "on purpose, add the new one; if not, somebody stands between",
    [FAULT_TOO_LARGE] = "the answer is larger than 64 KiB",
    [FAULT_NO_ANSWER] = "the connection was closed without an answer",
    [FAULT_BROKEN] = "the connection broke, or the answer's framing is wrong",
    [FAULT_NOT_HTTP] = "the answer is not HTTP/1.1: check the port",
    [FAULT_MEMORY] = "out of memory",
};

/* OpenSSL's numbers (openssl-verify-errors(3)), as libcurl returns them. */
static const struct {
	long verify;
	const char *words;
} certificate_words[] = {
    {9,  "its certificate is not valid yet: check the clocks of both machines"            },
    {10, "its certificate has expired: renew it there"                                    },
    {18, "its certificate is self-signed: put it into ca_file, if it is the right one"    },
    {19, "its certificate's authority is not known here: put the authority's into ca_file"},
    {20, "its certificate's authority is not known here: put the authority's into ca_file"},
    {21, "its certificate's authority is not known here: put the authority's into ca_file"},
    {23, "its certificate was revoked"						    },
};

/* libcurl compares the host name itself, after OpenSSL has accepted the certificate. */
static const char *certificate_fault(const struct http_failure *failure)
{
	for (size_t i = 0; i < sizeof(certificate_words) / sizeof(certificate_words[0]); i++)
		if (certificate_words[i].verify == failure->verify)
			return certificate_words[i].words;
	if (strstr(failure->words, "host name"))
		return "its certificate is for another name: use that name in the address, or "
		       "have one made for this name";
	return NULL;
}

static enum status say_tls(const struct http_failure *failure, struct error *err)
{
	const char *words = NULL;

	if (failure->fault == FAULT_CERTIFICATE)
		words = certificate_fault(failure);
	if (words)
		return error_set(err, STATUS_CHAT_SERVER, "%s: TLS: %s", failure->origin, words);
	return error_set(err, STATUS_CHAT_SERVER,
			 "%s: TLS: %s; its certificate must be valid for that name, its authority "
			 "known to the system or in ca_file",
			 failure->origin, failure->words);
}

enum status http_failure_say(const struct http_failure *failure, struct error *err)
{
	const char *words = fault_words[failure->fault];

	switch (failure->fault) {
	case FAULT_ANSWER_TIMEOUT:
		return error_set(err, STATUS_CHAT_TIMEOUT,
				 "%s: no complete answer within %ld ms (key timeout)",
				 failure->origin, failure->ms);
	case FAULT_CONNECT_TIMEOUT:
		return error_set(err, STATUS_CHAT_SERVER,
				 "%s: no connection within %ld ms: is the host up, no firewall "
				 "between, and for a systemd service IPAddressAllow= set?",
				 failure->origin, failure->ms);
	case FAULT_NO_CONNECTION:
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "%s: no connection (%s): is the XMPP server's HTTP service running there?",
		    failure->origin,
		    failure->os_error ? strerrordesc_np((int)failure->os_error)
				      : "no reason given");
	case FAULT_TLS:
	case FAULT_CERTIFICATE:
		return say_tls(failure, err);
	default:
		return error_set(err, STATUS_CHAT_SERVER, "%s: %s", failure->origin,
				 words ? words : failure->words);
	}
}
