/*
 * The last requests that failed, and the last requests that a limit refused, for the operator's
 * status page. All processes share the memory. The log has all of these requests. The status page
 * shows only a few, each with the id by which it can be found in the log. A request that succeeds
 * is not recorded. Without recent_failures_start nothing is recorded.
 */
#ifndef BASE_RECENT_FAILURES_H
#define BASE_RECENT_FAILURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define RECENT_FAILURES_MAX 12 /* entries of each kind */

enum failure_kind { FAILURE_FAILED, FAILURE_LIMITED, FAILURE_KINDS };

struct recent_failure {
	int64_t time; /* seconds, wall clock */
	enum status status;
	char id[20]; /* id of the request; the members below can be ""; long texts are cut */
	char route[32];
	char site[32];
	char ip[48];
	char user[64];
};

/* Call it once, before the first fork. */
void recent_failures_start(void);

/*
 * Copies a text to a member of struct recent_failure. A long text is cut between two characters.
 * `text` can be NULL.
 */
void recent_failure_text(char *out, size_t size, const char *text);

/*
 * Records an entry. Any thread can call it. If more than RECENT_FAILURES_MAX threads call it at the
 * same instant, an entry can be lost or mixed with another entry.
 */
void recent_failure_add(enum failure_kind kind, const struct recent_failure *failure);

/* Copies the last entries, the newest first. Returns how many there are. */
size_t recent_failures_get(enum failure_kind kind, struct recent_failure out[RECENT_FAILURES_MAX]);

#endif
