/*
 * The last requests that failed and the last that a limit refused, in memory that all processes
 * share, for the operator's status page. The log has all of them; this has a few, and the id to
 * find them there. Nothing is noted for a request that succeeds. Without troubles_start nothing is
 * noted.
 */
#ifndef BASE_TROUBLES_H
#define BASE_TROUBLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define TROUBLES_MAX 12 /* of each kind */

enum trouble_kind { TROUBLE_FAILED, TROUBLE_LIMITED, TROUBLE_KINDS };

struct trouble {
	int64_t time; /* seconds, wall clock */
	enum status status;
	char id[20]; /* the request's; the next ones may be "", and long ones are cut */
	char route[32];
	char site[32];
	char ip[48];
	char user[64];
};

/* Call it once, before the first fork. */
void troubles_start(void);

/* Copies one text to a member of a trouble, cut between two characters. text may be NULL. */
void trouble_text(char *out, size_t size, const char *text);

/*
 * For any thread. If more than TROUBLES_MAX processes note one at the same instant, one may be lost
 * or mixed.
 */
void trouble_note(enum trouble_kind kind, const struct trouble *trouble);

/* Copies the last ones, the newest first. Returns how many there are. */
size_t troubles_get(enum trouble_kind kind, struct trouble out[TROUBLES_MAX]);

#endif
