/*
 * Copies a database while other processes write to it. Also locks a database that no other
 * connection has open.
 */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite.h"

enum status sqlite_copy(struct connection *db, const char *file, struct error *err)
{
	sqlite3_stmt *prepared = NULL;
	int code = sqlite3_prepare_v3(lite(db)->sqlite, "VACUUM INTO ?1", -1, 0, &prepared, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_bind_text(prepared, 1, file, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(prepared);
	enum status status = code == SQLITE_DONE ? STATUS_OK : sqlite_failed(db, code, err);
	sqlite3_finalize(prepared);
	return status;
}

/*
 * Leaves write-ahead log mode, which SQLite can do only if no other connection has the file open.
 */
enum status sqlite_lock_out(struct connection *db, struct error *err)
{
	struct error why = {0};
	char *mode = NULL;

	sqlite_lock_timeout(db, 0);
	enum status status = sqlite_ask(db, "PRAGMA journal_mode = DELETE", NULL, &mode, &why);
	bool alone = status == STATUS_OK && strcmp(mode, "delete") == 0;
	free(mode);
	if (alone)
		status = sqlite_script(db, "BEGIN EXCLUSIVE", &why);
	if (alone && status == STATUS_OK)
		return status;
	if (status == STATUS_OK || connection_fault(db) == FAULT_BUSY)
		return error_set(err, STATUS_BUSY,
				 "%s: the database is in use: stop prebind first, for example with "
				 "`systemctl stop prebind.socket prebind.service`",
				 db->path);
	return error_set(err, status, "%s", why.text);
}
