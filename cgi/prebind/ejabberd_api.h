/*
 * ejabberd's API (mod_http_api): a command is JSON that is posted, with a name and a password where
 * the configuration has them. Which command, and what its answer means: the callers.
 */
#ifndef PREBIND_EJABBERD_API_H
#define PREBIND_EJABBERD_API_H

#include "prebind/backends.h"

/* What the sentences are made of. */
struct ejabberd_api_words {
	const char *url_key; /* of the configuration, as the next two */
	const char *user_key;
	const char *password_key;
	const char *risk;        /* of a URL that others can read: "whoever reads along …" */
	const char *command;     /* what api_permissions must allow */
	const char *bad_request; /* the advice where it answers 400 */
};

struct ejabberd_api {
	const struct ejabberd_api_words *words; /* static */
	const char *url;                        /* the configuration's, as the next two */
	const char *user;                       /* "": nobody logs in */
	const char *password_file;              /* "": none */
	struct strbuf password;                 /* owned; set by ejabberd_api_open */
};

/*
 * Reads the password. STATUS_UNAVAILABLE names the key: the file cannot be read, or the URL is
 * neither https nor on loopback, and upstream_http does not allow that. The caller clears *api in
 * any case.
 */
enum status ejabberd_api_open(struct ejabberd_api *api, const struct site_conf *conf,
			      struct error *err);
void ejabberd_api_clear(struct ejabberd_api *api); /* takes a zeroed one */

/* STATUS_OK: there is an answer, of whatever HTTP status. */
enum status ejabberd_api_post(const struct ejabberd_api *api, struct prebind_call *call,
			      const struct strbuf *body, struct http_answer *answer,
			      struct error *err);

/* For an HTTP status that is not the expected one: STATUS_CHAT_SERVER, and what to look at. */
enum status ejabberd_api_refuse(const struct ejabberd_api *api, int http_status, struct error *err);

#endif
