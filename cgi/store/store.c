/*
 * SQLite, and the only file that knows it: opening with the right flags, statements, transactions,
 * and what its result codes mean for the operator. A connection belongs to one thread at a time
 * (pool.c sees to that). There is no SQL of the program's tables in here: that is catalogue.c and
 * sql/migrations.
 */
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/database_file.h"
#include "store/statement.h"

#define DURABLE_PATIENCE_MS    2000 /* for another writer: below any request's deadline (REL-DB-1) */
#define DISPOSABLE_PATIENCE_MS 200  /* a limiter's transactions take microseconds */
#define VERIFY_S               2    /* a big database must not hold up the start (REL-DB-5) */
#define VERIFY_STEPS           1000 /* of SQLite's machine between two looks at the clock */

struct statement {
	struct connection *db;
	sqlite3_stmt *prepared; /* NULL: not asked yet */
	int code;               /* the first failure since statement_get */
	bool active;            /* has to be reset: an open SELECT pins the write-ahead log */
};

struct connection {
	sqlite3 *sqlite;
	char *path;
	int patience_ms;
	dev_t device; /* of the file, when it was opened */
	ino_t inode;
	enum connection_trouble trouble;
	struct statement statements[QUERY_COUNT];
};

/* ---- result codes ---- */

/* An extended code, or a primary one for all that are not named. */
static const struct failure {
	int code;
	enum connection_trouble trouble;
	const char *next; /* what the operator does */
} failures[] = {
    {SQLITE_BUSY,               TROUBLE_BUSY,
     "another program kept it locked: look for a backup or a sqlite3 shell that has it open"        },
    {SQLITE_BUSY_RECOVERY,      TROUBLE_BUSY,    "another process is recovering it: try again"      },
    {SQLITE_LOCKED,             TROUBLE_BUSY,    "another thread kept it locked: try again"         },
    {SQLITE_PROTOCOL,           TROUBLE_NONE,
     "locks do not work here: move the database to a disk of this machine"                          },
    {SQLITE_READONLY,           TROUBLE_NONE,
     "the file, or the file system it is on, is read-only: make it writable for the program"        },
    {SQLITE_READONLY_RECOVERY,  TROUBLE_NONE,
     "a crash left a log that must be recovered: make file and directory writable"                  },
    {SQLITE_READONLY_ROLLBACK,  TROUBLE_NONE,
     "a crash left a journal that must be rolled back: make file and directory writable"            },
    {SQLITE_READONLY_CANTLOCK,  TROUBLE_NONE,    "its -shm file is not writable: chown it"          },
    {SQLITE_READONLY_CANTINIT,  TROUBLE_NONE,
     "its -shm file cannot be made: make the directory writable for the program"                    },
    {SQLITE_READONLY_DIRECTORY, TROUBLE_NONE,
     "the directory must be writable too, for the -journal, -wal and -shm files"                    },
    {SQLITE_READONLY_DBMOVED,   TROUBLE_NONE,
     "the file was moved or replaced while in use: put the right one there and restart"             },
    {SQLITE_FULL,               TROUBLE_FULL,    "the disk or the quota is full: make room"         },
    {SQLITE_CORRUPT,            TROUBLE_DAMAGED,
     "the file is damaged: stop the program, keep the file, put a backup in its place"              },
    {SQLITE_NOTADB,             TROUBLE_DAMAGED,
     "this is no database: is the configuration's key `database` right? Else restore a backup"      },
    {SQLITE_CANTOPEN,           TROUBLE_NONE,
     "it cannot be opened: the program's user must own it and be able to write to its directory"    },
    {SQLITE_PERM,               TROUBLE_NONE,    "access was denied: chown it to the program's user"},
    {SQLITE_AUTH,               TROUBLE_NONE,    "access was denied: chown it to the program's user"},
    {SQLITE_IOERR,              TROUBLE_NONE,    "the disk failed: see the kernel's log"            },
    {SQLITE_NOLFS,              TROUBLE_NONE,    "it is too large for its file system"              },
    {SQLITE_ERROR,              TROUBLE_NONE,
     "the tables are not as expected: run prebindctl check, or restore a backup"                    },
};

static const struct failure *failure_of(int code)
{
	const struct failure *found = NULL;

	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
		if (failures[i].code == code)
			return &failures[i];
		if (failures[i].code == (code & 0xff))
			found = &failures[i];
	}
	return found;
}

static enum status constraint_failed(struct connection *db, int code, struct error *err)
{
	if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
	    code == SQLITE_CONSTRAINT_ROWID)
		return error_set(err, STATUS_CONFLICT, "%s", sqlite3_errmsg(db->sqlite));
	return error_set(err, STATUS_BAD_REQUEST, "%s", sqlite3_errmsg(db->sqlite));
}

/* Right after the call that failed: SQLite's text is the last call's. */
static enum status failed(struct connection *db, int code, struct error *err)
{
	const struct failure *failure = failure_of(code);

	if ((code & 0xff) == SQLITE_NOMEM)
		return error_no_memory(err);
	if ((code & 0xff) == SQLITE_CONSTRAINT)
		return constraint_failed(db, code, err);
	if (failure == NULL)
		return error_set(err, STATUS_INTERNAL, "%s: %s (SQLite %d)", db->path,
				 sqlite3_errmsg(db->sqlite), code);
	if (db->trouble != TROUBLE_DAMAGED)
		db->trouble = failure->trouble;
	return error_set(err, STATUS_UNAVAILABLE, "%s: %s (SQLite %d); %s", db->path,
			 sqlite3_errmsg(db->sqlite), code, failure->next);
}

/* ---- fixed SQL without parameters ---- */

enum status connection_script(struct connection *db, const char *sql, struct error *err)
{
	int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? STATUS_OK : failed(db, code, err);
}

enum status connection_ask(struct connection *db, const char *sql, int *number, char **text,
			   struct error *err)
{
	sqlite3_stmt *prepared = NULL;
	enum status status = STATUS_OK;
	char *copy = NULL;
	int code = sqlite3_prepare_v3(db->sqlite, sql, -1, 0, &prepared, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(prepared);
	if (code != SQLITE_ROW) {
		status = failed(db, code, err);
		goto out;
	}
	const char *value = (const char *)sqlite3_column_text(prepared, 0);
	copy = strdup(value != NULL ? value : "");
	if (copy == NULL) {
		status = error_no_memory(err);
		goto out;
	}
	if (number != NULL)
		*number = sqlite3_column_int(prepared, 0);
	if (text != NULL) {
		*text = copy;
		copy = NULL;
	}
out:
	free(copy);
	sqlite3_finalize(prepared);
	return status;
}

/* ---- opening ---- */

static void set_options(struct connection *db)
{
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_busy_timeout(db->sqlite, db->patience_ms);
}

static enum status connect(struct connection *db, enum connection_kind kind, struct error *err)
{
	struct stat st;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	enum status status = database_file_check(db->path, err);

	if (status != STATUS_OK)
		return status;
	int code = sqlite3_open_v2(db->path, &db->sqlite, flags, NULL);
	if (code != SQLITE_OK)
		return failed(db, code, err);
	if (stat(db->path, &st) != 0)
		return failed(db, SQLITE_CANTOPEN, err);
	db->device = st.st_dev;
	db->inode = st.st_ino;
	set_options(db);
	return connection_set_up(db, kind, err);
}

enum status connection_open(const char *path, enum connection_kind kind, struct connection **out,
			    enum connection_trouble *trouble, struct error *err)
{
	struct connection *db = calloc(1, sizeof *db);

	if (db == NULL)
		return error_no_memory(err);
	db->patience_ms = kind == CONNECTION_DURABLE ? DURABLE_PATIENCE_MS : DISPOSABLE_PATIENCE_MS;
	db->path = strdup(path);
	enum status status = db->path != NULL ? connect(db, kind, err) : error_no_memory(err);
	if (status == STATUS_OK) {
		*out = db;
		return STATUS_OK;
	}
	if (trouble != NULL)
		*trouble = db->trouble;
	connection_close(db);
	return status;
}

void connection_close(struct connection *db)
{
	if (db == NULL)
		return;
	for (int i = 0; i < QUERY_COUNT; i++)
		sqlite3_finalize(db->statements[i].prepared);
	sqlite3_close(db->sqlite);
	free(db->path);
	free(db);
}

/* ---- a connection's state ---- */

const char *connection_path(const struct connection *db)
{
	return db->path;
}

enum connection_trouble connection_trouble(const struct connection *db)
{
	return db->trouble;
}

bool connection_current(const struct connection *db)
{
	struct stat st;

	return stat(db->path, &st) == 0 && st.st_dev == db->device && st.st_ino == db->inode;
}

static int out_of_time(void *deadline)
{
	return clock_left_ms(*(const int64_t *)deadline) == 0;
}

enum status connection_verify(struct connection *db, struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + VERIFY_S * 1000;
	struct error why;
	char *verdict = NULL;

	sqlite3_progress_handler(db->sqlite, VERIFY_STEPS, out_of_time, &deadline);
	enum status status = connection_ask(db, "PRAGMA quick_check(1)", NULL, &verdict, &why);
	sqlite3_progress_handler(db->sqlite, 0, NULL, NULL);
	if (status != STATUS_OK && sqlite3_errcode(db->sqlite) == SQLITE_INTERRUPT)
		return STATUS_OK; /* sound as far as we came */
	if (status != STATUS_OK)
		return error_set(err, status, "%s", why.text);
	if (verdict != NULL && strcmp(verdict, "ok") != 0) {
		db->trouble = TROUBLE_DAMAGED;
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: the file is damaged (%s): stop the program, keep the file, "
				   "put a backup in its place",
				   db->path, verdict);
	}
	free(verdict);
	return status;
}

void connection_patience(struct connection *db, int milliseconds)
{
	sqlite3_busy_timeout(db->sqlite, milliseconds);
}

/* ---- transactions ---- */

/* IMMEDIATE: a reader that turns writer is refused at once, whatever the patience (PIT-30). */
enum status connection_begin(struct connection *db, struct error *err)
{
	return connection_script(db, "BEGIN IMMEDIATE", err);
}

static void reset_statements(struct connection *db)
{
	for (int i = 0; i < QUERY_COUNT; i++) {
		struct statement *s = &db->statements[i];
		if (!s->active)
			continue;
		sqlite3_reset(s->prepared);
		sqlite3_clear_bindings(s->prepared);
		s->active = false;
	}
}

enum status connection_commit(struct connection *db, struct error *err)
{
	reset_statements(db);
	enum status status = connection_script(db, "COMMIT", err);
	if (status != STATUS_OK)
		connection_rollback(db);
	return status;
}

void connection_rollback(struct connection *db)
{
	reset_statements(db);
	if (!sqlite3_get_autocommit(db->sqlite)) /* some failures have rolled back already */
		sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

void connection_reset(struct connection *db)
{
	connection_rollback(db);
	sqlite3_busy_timeout(db->sqlite, db->patience_ms);
}

/* ---- statements ---- */

struct statement *statement_get(struct connection *db, enum query query)
{
	struct statement *s = &db->statements[query];

	s->db = db;
	s->code = SQLITE_OK;
	if (s->prepared == NULL)
		s->code = sqlite3_prepare_v3(db->sqlite, catalogue[query], -1,
					     SQLITE_PREPARE_PERSISTENT, &s->prepared, NULL);
	if (s->active)
		sqlite3_reset(s->prepared);
	s->active = s->code == SQLITE_OK;
	return s;
}

void statement_bind_text(struct statement *s, int n, const char *text)
{
	if (s->code != SQLITE_OK)
		return;
	s->code = text == NULL ? sqlite3_bind_null(s->prepared, n)
			       : sqlite3_bind_text64(s->prepared, n, text, strlen(text),
						     SQLITE_TRANSIENT, SQLITE_UTF8);
}

void statement_bind_integer(struct statement *s, int n, int64_t value)
{
	if (s->code == SQLITE_OK)
		s->code = sqlite3_bind_int64(s->prepared, n, value);
}

void statement_bind_blob(struct statement *s, int n, const void *data, size_t len)
{
	if (s->code == SQLITE_OK)
		s->code = sqlite3_bind_blob64(s->prepared, n, data, len, SQLITE_TRANSIENT);
}

enum status statement_row(struct statement *s, struct error *err)
{
	if (s->code == SQLITE_OK)
		s->code = sqlite3_step(s->prepared);
	if (s->code == SQLITE_ROW) {
		s->code = SQLITE_OK;
		return STATUS_OK;
	}
	enum status status = s->code == SQLITE_DONE ? error_set(err, STATUS_NOT_FOUND, "no row")
						    : failed(s->db, s->code, err);
	if (s->prepared != NULL)
		sqlite3_reset(s->prepared); /* the read transaction ends here, not at the return */
	return status;
}

enum status statement_run(struct statement *s, int *changed, struct error *err)
{
	enum status status;

	do
		status = statement_row(s, err);
	while (status == STATUS_OK);
	if (status != STATUS_NOT_FOUND)
		return status;
	if (changed != NULL)
		*changed = sqlite3_changes(s->db->sqlite);
	return STATUS_OK;
}

int64_t statement_integer(struct statement *s, int column)
{
	return sqlite3_column_int64(s->prepared, column);
}

bool statement_is_null(struct statement *s, int column)
{
	return sqlite3_column_type(s->prepared, column) == SQLITE_NULL;
}

enum status statement_text_dup(struct statement *s, int column, char **out, struct error *err)
{
	const char *text = (const char *)sqlite3_column_text(s->prepared, column);
	size_t len = (size_t)sqlite3_column_bytes(s->prepared, column);

	if (text == NULL)
		return error_no_memory(err);
	if (strlen(text) != len)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: a text in column %s has a NUL in it: delete that row",
				 s->db->path, sqlite3_column_name(s->prepared, column));
	char *copy = strdup(text);
	if (copy == NULL)
		return error_no_memory(err);
	*out = copy;
	return STATUS_OK;
}

enum status statement_blob(struct statement *s, int column, void *out, size_t len,
			   struct error *err)
{
	const void *data = sqlite3_column_blob(s->prepared, column);

	if (data == NULL || (size_t)sqlite3_column_bytes(s->prepared, column) != len)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: column %s does not hold %zu bytes: delete that row",
				 s->db->path, sqlite3_column_name(s->prepared, column), len);
	memcpy(out, data, len);
	return STATUS_OK;
}
