/*
 * Backs up a site's database, and restores it.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "base/error.h"

/*
 * Copies the database to a new file with mode 0600. Other processes can write to the database
 * meanwhile; the copy is a consistent snapshot. The new file is synced to the disk before the
 * function returns. Returns STATUS_CONFLICT if the file exists already; an existing file is never
 * overwritten. A backup that fails leaves no new file.
 */
enum status store_backup(const char *database, const char *file, struct error *err);

struct store_restoration {
	const char *database; /* the path of the site's database */
	const char *site;     /* the backup must belong to this site */
	const char *file;     /* the backup; it is only read */
	int from;             /* output: the schema number of the backup, before it is migrated */
	/* Output: the path of the old database, or NULL if there was none. The caller frees it. */
	char *kept;
};

/*
 * Replaces the database with a backup, and migrates it to this program's schema. Ends all login
 * sessions in the backup, because some of these sessions might have ended after the backup was
 * made. The old database is kept in the same directory. Returns STATUS_BUSY if another process uses
 * the database. Returns STATUS_CONFLICT if a file from an earlier restoration is in the way. After
 * a failure, the old database is still in place.
 */
enum status store_restore(struct store_restoration *what, struct error *err);

#endif
