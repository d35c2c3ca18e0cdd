/*
 * The report of prebindctl check: one line for each thing checked.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "ctl/ctl.h"
#include "template/cache.h"

struct report {
	struct ctl *ctl;
	const struct site_conf *site; /* NULL: the lines belong to [server] */
	struct json_writer *w;
	struct template_cache *cache; /* borrowed, like ctl and w */
	int failed;
};

/* Adds a line. It is a failure unless status is STATUS_OK. */
void report_tell(struct report *report, const char *what, enum status status, const char *said);

/* Adds a note, which is not a failure. */
void report_note(const struct report *report, const char *what, const char *said);

/*
 * check_server.c: checks [server] and its socket. Call it before the tool changes to the program's
 * user, because it also tests the accounts of peer_users.
 */
void check_server(struct report *report);

/*
 * check_server.c: checks that the program's user, to which the tool has changed, can read the
 * configuration.
 */
void check_files(struct report *report);

/* check_server.c: may that user write the log? */
void check_log(struct report *report);

/* check.c: checks the site of --site, or all sites. */
void check_sites(struct report *report);

/*
 * check_grants.c: notes what the account of the site's database may do beyond reading, and which
 * account is enough. provider_failed: a provider could not use the database, perhaps because the
 * account lacks rights.
 */
void check_grants(struct report *report, bool provider_failed);

/*
 * check_accounts.c: checks the files, the log and the sites, each as the account that the program
 * runs as for it.
 */
void check_sites_by_account(struct report *report);

#endif
