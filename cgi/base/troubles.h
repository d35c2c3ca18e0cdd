/*
 * The last requests that failed, and the last that a limit refused, for the operator's status page.
 * All processes share the memory. The log has all of these requests. The status page shows only a
 * few, with the id that finds them in the log. A request that succeeds is not recorded. Without
 * troubles_start nothing is recorded.
 */
#ifndef BASE_TROUBLES_H
#define BASE_TROUBLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define TROUBLES_MAX 12 /* entries of each kind */

enum trouble_kind { TROUBLE_FAILED, TROUBLE_LIMITED, TROUBLE_KINDS };

struct trouble {
	int64_t time; /* seconds, wall clock */
	enum status status;
	char id[20]; /* id of the request; the members below can be ""; long texts are cut */
	char route[32];
	char site[32];
	char ip[48];
	char user[64];
};

/* Call it once, before the first fork. */
void troubles_start(void);

/*
 * Copies a text to a member of struct trouble. A long text is cut between two characters. text can
 * be NULL.
 */
void trouble_text(char *out, size_t size, const char *text);

/*
 * Records an entry. Any thread can call it. If more than TROUBLES_MAX processes do so at the same
 * instant, an entry can be lost or mixed with another.
 */
void trouble_note(enum trouble_kind kind, const struct trouble *trouble);

/* Copies the last entries, the newest first. Returns how many there are. */
size_t troubles_get(enum trouble_kind kind, struct trouble out[TROUBLES_MAX]);

#endif
