/*
 * What prebindctl check has found: a line for each thing that it looked at.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "ctl/ctl.h"

struct report {
	struct ctl *ctl;
	const struct site_conf *site; /* NULL: the lines are about [server] */
	struct json_writer *w;
	int failed;
};

/* One line; a failure unless status is STATUS_OK. */
void report_tell(struct report *report, const char *what, enum status status, const char *said);

/* A line that is worth a look, and no failure. */
void report_note(const struct report *report, const char *what, const char *said);

/*
 * check_server.c: [server] and its socket. Before the tool becomes the program's user: it looks as
 * the accounts of peer_users too.
 */
void check_server(struct report *report);

/* check_server.c: may the program's user, who we are by now, read the configuration? */
void check_files(struct report *report);

#endif
