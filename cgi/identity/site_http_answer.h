/*
 * Converts the JSON of the site's answer about a visitor's cookies to a struct. Makes no call.
 */
#ifndef IDENTITY_SITE_HTTP_ANSWER_H
#define IDENTITY_SITE_HTTP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net/http_client.h"

struct site_answer {
	bool known; /* false if nobody is logged in; the strings are then NULL */
	char *user; /* owned, as are the next four; NULL if the answer does not have it */
	char *display_name;
	char *jid;
	char *email;
	char *id;
	int64_t expires; /* in seconds since 1970; 0 if the answer does not have it */
};

/*
 * Reads the site's answer. Any of these means that nobody is logged in: status 401 or 204, a user
 * that is null or "", or an `expires` that is not after `now`. `now` is in seconds since 1970.
 * Returns STATUS_UNAVAILABLE for an invalid answer; err then says what the site should do. *out is
 * set only on success; the caller clears it.
 */
enum status site_answer_read(const struct http_answer *http, int64_t now, struct site_answer *out,
			     struct error *err);

/*
 * Copies the answer and its strings. Returns STATUS_INTERNAL if out of memory; *to is then not set.
 */
enum status site_answer_copy(const struct site_answer *from, struct site_answer *to,
			     struct error *err);
void site_answer_clear(struct site_answer *answer);

#endif
