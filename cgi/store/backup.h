/*
 * Backs up a site's database, and restores it.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "base/error.h"

/*
 * Copies the database to a new file (0600), while others may write to it: the copy is the state of
 * one moment. It is on the disk when this returns. STATUS_CONFLICT: the file exists; it is never
 * overwritten. After a failure there is no file.
 */
enum status store_backup(const char *database, const char *file, struct error *err);

struct store_restoration {
	const char *database; /* the path of the site's database */
	const char *site;     /* the backup must belong to it */
	const char *file;     /* the backup; it is only read */
	int from;             /* set: the backup's schema; store_schema() now */
	char *kept; /* set: where the old database is; NULL: there was none. The caller frees it */
};

/*
 * Puts a backup in the place of the database, brings it up to this program's schema, and ends the
 * login sessions in it: some may have been ended since. The old database is kept beside it.
 * STATUS_BUSY: somebody uses the database. STATUS_CONFLICT: a file from an earlier restoration is
 * in the way. After a failure everything is as before.
 */
enum status store_restore(struct store_restoration *what, struct error *err);

#endif
