/*
 * What the site says about the cookies of a visitor: the JSON of its answer, as a struct. Bytes in,
 * struct out; it makes no call.
 */
#ifndef IDENTITY_SITE_HTTP_ANSWER_H
#define IDENTITY_SITE_HTTP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net/http_client.h"

struct site_answer {
	bool known; /* false: nobody is logged in, and the texts are NULL */
	char *user; /* owned, as are the next four; NULL: not said */
	char *display_name;
	char *jid;
	char *email;
	char *id;
	int64_t expires; /* seconds since 1970; 0: not said */
};

/*
 * Reads the site's answer. 401, 204 and a user of null mean nobody, and so does an `expires` that
 * is not after now (seconds, wall clock). STATUS_UNAVAILABLE: any other answer; the sentence says
 * what the site should do. *out is set only on success; the caller clears it.
 */
enum status site_answer_read(const struct http_answer *http, int64_t now, struct site_answer *out,
			     struct error *err);

/* STATUS_INTERNAL: out of memory; *to is not set then. */
enum status site_answer_copy(const struct site_answer *from, struct site_answer *to,
			     struct error *err);
void site_answer_clear(struct site_answer *answer);

#endif
