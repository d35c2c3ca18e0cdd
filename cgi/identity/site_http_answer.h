/*
 * Reads the JSON of the site's answer about a visitor's cookies into a struct. It makes no call.
 */
#ifndef IDENTITY_SITE_HTTP_ANSWER_H
#define IDENTITY_SITE_HTTP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net/http_client.h"

struct site_answer {
	bool known; /* false if nobody is logged in; the texts are then NULL */
	char *user; /* owned, as are the next four; NULL if the answer has none */
	char *display_name;
	char *jid;
	char *email;
	char *id;
	int64_t expires; /* in seconds since 1970; 0 if the answer has none */
};

/*
 * Reads the site's answer. The statuses 401 and 204 mean that nobody is logged in. So does a user
 * that is null or "", or an `expires` that is not after now (in seconds, wall clock). Returns
 * STATUS_UNAVAILABLE for an answer that is not valid; err then says what the site should do. *out
 * is set only on success; the caller clears it.
 */
enum status site_answer_read(const struct http_answer *http, int64_t now, struct site_answer *out,
			     struct error *err);

/*
 * Copies the answer with its texts. Returns STATUS_INTERNAL if out of memory; *to is then not set.
 */
enum status site_answer_copy(const struct site_answer *from, struct site_answer *to,
			     struct error *err);
void site_answer_clear(struct site_answer *answer);

#endif
