/*
 * Decides who is allowed to read /metrics and /status. A visitor must come from this machine or
 * send the token. For all other visitors these pages do not exist. In plain CGI they exist for
 * nobody, because a process ends after one request and has nothing to report.
 */
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "page/page.h"

#define BEARER "Bearer "

/*
 * True if the request comes from this machine. Returns false for a forwarded request, because the
 * proxy that forwarded it can run on this machine.
 */
static bool is_local(const struct exchange *ex)
{
	return exchange_is_local(ex) && ex->req.forwarded == NULL && ex->req.forwarded_for == NULL;
}

/*
 * True if the request has the right token. Reads the file each time, so that a new token needs no
 * restart.
 */
static bool has_token(const struct exchange *ex)
{
	const char *file = sites_conf(ex->sites)->server.status_token_file;
	const char *given = ex->req.authorization;
	struct error err = {0};
	struct strbuf token;

	if (file[0] == '\0' || given == NULL || strncmp(given, BEARER, strlen(BEARER)) != 0)
		return false;
	given += strlen(BEARER);
	strbuf_init_secret(&token);
	enum status status = secret_file_read(file, &token, &err);
	bool same = status == STATUS_OK && token.len > 0 && strlen(given) == token.len &&
		    secret_equal(given, token.data, token.len);
	if (status != STATUS_OK)
		log_event(LOG_LEVEL_ERROR, "status_token", "id", ex->req.id, "key",
			  "status_token_file", "why", err.text, NULL);
	strbuf_clear(&token);
	return same;
}

bool operator_may_read(const struct exchange *ex)
{
	return metrics_are_on() && (is_local(ex) || has_token(ex));
}
