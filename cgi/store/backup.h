/*
 * Backs up a site's database, and restores it.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "base/error.h"

/*
 * Copies the database to a new file with mode 0600. Other processes can write to the database
 * meanwhile; the copy is a consistent snapshot. The new file is synced to the disk before this
 * returns. Returns STATUS_CONFLICT if the file exists already; an existing file is never
 * overwritten. A backup that fails leaves no new file.
 */
enum status store_backup(const char *database, const char *file, struct error *err);

struct store_restoration {
	const char *database; /* the path of the site's database */
	const char *site;     /* the backup must belong to it */
	const char *file;     /* the backup; it is only read */
	int from;             /* output: the schema of the backup before its migration */
	/* Output: the path of the old database, or NULL if there was none. The caller frees it. */
	char *kept;
};

/*
 * Replaces the database with a backup, and migrates it to this program's schema. Ends all login
 * sessions in the backup, because some of them may have ended after it was made. The old database
 * is kept in the same folder. Returns STATUS_BUSY if another process uses the database. Returns
 * STATUS_CONFLICT if a file from an earlier restoration is in the way. If it fails, the old
 * database is still in place.
 */
enum status store_restore(struct store_restoration *what, struct error *err);

#endif
