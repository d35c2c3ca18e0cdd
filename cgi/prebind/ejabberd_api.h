/*
 * Calls ejabberd's API (mod_http_api). Posts a command as JSON, with a user and a password if both
 * are configured. The callers choose the command and read the answer.
 */
#ifndef PREBIND_EJABBERD_API_H
#define PREBIND_EJABBERD_API_H

#include "prebind/backends.h"

/* Words that the error sentences contain. */
struct ejabberd_api_words {
	const char *url_key; /* name of a configuration key, like the next two */
	const char *user_key;
	const char *password_key;
	const char *risk;        /* the risk of using http: "anyone who reads the traffic …" */
	const char *command;     /* the command that api_permissions must allow */
	const char *bad_request; /* the advice for HTTP 400 */
};

struct ejabberd_api {
	const struct ejabberd_api_words *words; /* static */
	const char *url;                        /* borrowed from conf, like the next two */
	const char *user;                       /* "" for no authentication */
	const char *password_file;              /* "" for none */
	struct strbuf password;                 /* owned; set by ejabberd_api_open */
};

/*
 * Reads the password. Returns STATUS_UNAVAILABLE if the file cannot be read, or if the URL is
 * neither https nor on loopback and upstream_http does not allow http. The error names the key. The
 * caller clears *api, also after a failure.
 */
enum status ejabberd_api_open(struct ejabberd_api *api, const struct site_conf *conf,
			      struct error *err);
void ejabberd_api_clear(struct ejabberd_api *api); /* a zeroed struct is allowed */

/* Sends the request. Returns STATUS_OK if there is an answer, with any HTTP status. */
enum status ejabberd_api_post(const struct ejabberd_api *api, struct prebind_call *call,
			      const struct strbuf *body, struct http_answer *answer,
			      struct error *err);

/* Returns STATUS_CHAT_SERVER for an unexpected HTTP status, with advice for the operator. */
enum status ejabberd_api_refuse(const struct ejabberd_api *api, int http_status, struct error *err);

#endif
