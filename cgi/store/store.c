/*
 * SQLite, and the only file that knows it: opening with the right flags, statements, transactions,
 * and what its result codes mean for the operator. A connection belongs to one thread at a time
 * (pool.c sees to that). There is no SQL of the program's tables in here: that is catalogue.c and
 * sql/migrations.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/database_file.h"
#include "store/statement.h"

#define DURABLE_PATIENCE_MS 2000 /* for another writer: below any request's deadline (REL-DB-1) */
#define DISPOSABLE_PATIENCE_MS                                                                     \
	1000 /* its transactions take microseconds, but CGI may bring many at once */
#define VERIFY_S            2    /* a big database must not hold up the start (REL-DB-5) */
#define STEPS_PER_LOOK      1000 /* of SQLite's machine, between two looks at the clock */
#define FOREIGN_PATIENCE_MS 250  /* a page waits for it (SEC-SQL-4) */

struct statement {
	struct connection *db;
	sqlite3_stmt *prepared; /* NULL: not asked yet */
	int code;               /* the first failure since statement_get */
	bool active;            /* has to be reset: an open SELECT pins the write-ahead log */
};

struct connection {
	sqlite3 *sqlite;
	bool foreign; /* another program's: only read */
	struct guard guard;
	int64_t deadline; /* of connection_budget */
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

/*
 * The same for another program's database: it is not ours to chown, to restore or to migrate
 * (SEC-SQL-8).
 */
static const struct failure foreign_failures[] = {
    {SQLITE_BUSY,               TROUBLE_BUSY,
     "the site is writing to it for too long: try again, or let the site use journal_mode=WAL"          },
    {SQLITE_BUSY_RECOVERY,      TROUBLE_BUSY,    "another process is recovering it: try again"          },
    {SQLITE_BUSY_SNAPSHOT,      TROUBLE_BUSY,    "it changed while it was read: try again"              },
    {SQLITE_LOCKED,             TROUBLE_BUSY,    "another thread kept it locked: try again"             },
    {SQLITE_PROTOCOL,           TROUBLE_NONE,
     "locks do not work here: the site's database must be on a disk of this machine"                    },
    {SQLITE_READONLY,           TROUBLE_NONE,
     "its log cannot be used without writing: let the program's user write to the directory"            },
    {SQLITE_READONLY_RECOVERY,  TROUBLE_NONE,
     "a crash of the site left a log: open the site once, so that it recovers its database"             },
    {SQLITE_READONLY_ROLLBACK,  TROUBLE_NONE,
     "a crash of the site left a journal: open the site once, so that it rolls its database back"       },
    {SQLITE_READONLY_CANTLOCK,  TROUBLE_NONE,
     "its -shm file is not writable: let a common group write to it"                                    },
    {SQLITE_READONLY_CANTINIT,  TROUBLE_NONE,
     "its -shm file cannot be made: the directory must be writable for the program, or the site "
     "keep its database open, or use journal_mode=DELETE"                                               },
    {SQLITE_READONLY_DIRECTORY, TROUBLE_NONE,
     "the directory must be writable for the program, for the -shm file; or keep the site's "
     "database open, or use journal_mode=DELETE"							},
    {SQLITE_CORRUPT,            TROUBLE_DAMAGED, "the site's database is damaged: see to the site first"},
    {SQLITE_NOTADB,             TROUBLE_DAMAGED,
     "this is no SQLite database: is the configuration's key `site_database` right?"                    },
    {SQLITE_CANTOPEN,           TROUBLE_NONE,
     "it cannot be opened: the program's user must be able to read it and, with a write-ahead log, "
     "to write to its directory"									},
    {SQLITE_PERM,               TROUBLE_NONE,    "access was denied: let the program's user read it"    },
    {SQLITE_AUTH,               TROUBLE_NONE,    "the query does what it may not"                       },
    {SQLITE_IOERR,              TROUBLE_NONE,    "the disk failed: see the kernel's log"                },
    {SQLITE_INTERRUPT,          TROUBLE_BUSY,
     "the query takes too long: give the columns it searches an index"                                  },
    {SQLITE_TOOBIG,             TROUBLE_NONE,    "a value is larger than any session should be"         },
    {SQLITE_ERROR,              TROUBLE_NONE,
     "the query does not fit the site's tables: was the site updated? Run prebindctl check"             },
};

static const struct failure *failure_of(const struct connection *db, int code)
{
	const struct failure *rows = db->foreign ? foreign_failures : failures;
	size_t count = db->foreign ? sizeof foreign_failures / sizeof foreign_failures[0]
				   : sizeof failures / sizeof failures[0];
	const struct failure *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (rows[i].code == code)
			return &rows[i];
		if (rows[i].code == (code & 0xff))
			found = &rows[i];
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
	const struct failure *failure = failure_of(db, code);

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

enum status connection_each(struct connection *db, const char *sql,
			    void (*each)(void *arg, const char *text), void *arg, struct error *err)
{
	sqlite3_stmt *prepared = NULL;
	enum status status = STATUS_OK;
	int code = sqlite3_prepare_v3(db->sqlite, sql, -1, 0, &prepared, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(prepared);
	for (; code == SQLITE_ROW; code = sqlite3_step(prepared)) {
		const char *text = (const char *)sqlite3_column_text(prepared, 0);
		each(arg, text != NULL ? text : "");
	}
	if (code != SQLITE_DONE)
		status = failed(db, code, err);
	sqlite3_finalize(prepared);
	return status;
}

/* ---- opening ---- */

static pthread_once_t sqlite_started = PTHREAD_ONCE_INIT;

/*
 * Before the first connection: else each takes 20 pages at once, whether it reads so many or not,
 * and all threads queue to have SQLite count its memory.
 */
static void sqlite_start(void)
{
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_initialize();
}

static int open_file(struct connection *db, int flags)
{
	pthread_once(&sqlite_started, sqlite_start);
	return sqlite3_open_v2(db->path, &db->sqlite, flags, NULL);
}

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
	int code = open_file(db, flags);
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

/*
 * What a page's query needs, and little more (SEC-SQL-4). Columns and length of SQL are limits of
 * the site's tables as well: phpBB has one of 70 columns, and a CREATE TABLE may be long; the query
 * itself is bounded elsewhere.
 */
static const struct {
	int what;
	int most;
} foreign_limits[] = {
    {SQLITE_LIMIT_LENGTH,              1048576},
    {SQLITE_LIMIT_SQL_LENGTH,          1048576},
    {SQLITE_LIMIT_COLUMN,              1024   },
    {SQLITE_LIMIT_EXPR_DEPTH,          50     },
    {SQLITE_LIMIT_COMPOUND_SELECT,     4      },
    {SQLITE_LIMIT_VDBE_OP,             25000  },
    {SQLITE_LIMIT_ATTACHED,            0      },
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 128    },
    {SQLITE_LIMIT_VARIABLE_NUMBER,     8      },
    {SQLITE_LIMIT_TRIGGER_DEPTH,       4      },
};

static enum status connect_foreign(struct connection *db, struct error *err)
{
	struct stat st;
	/* and no SQLITE_OPEN_URI: immutable=1 and nolock=1 are part of a name here (SEC-SQL-8) */
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int code = open_file(db, flags);

	if (code != SQLITE_OK)
		return failed(db, code, err);
	if (stat(db->path, &st) != 0)
		return failed(db, SQLITE_CANTOPEN, err);
	db->device = st.st_dev;
	db->inode = st.st_ino;
	set_options(db);
	for (size_t i = 0; i < sizeof foreign_limits / sizeof foreign_limits[0]; i++)
		sqlite3_limit(db->sqlite, foreign_limits[i].what, foreign_limits[i].most);
	return connection_script(db,
				 "PRAGMA query_only = 1; PRAGMA trusted_schema = OFF;"
				 "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
				 "PRAGMA temp_store = MEMORY",
				 err);
}

enum status connection_open_foreign(const char *path, struct connection **out, struct error *err)
{
	struct connection *db = calloc(1, sizeof *db);

	if (db == NULL)
		return error_no_memory(err);
	db->foreign = true;
	db->patience_ms = FOREIGN_PATIENCE_MS;
	db->path = strdup(path);
	enum status status = db->path != NULL ? connect_foreign(db, err) : error_no_memory(err);
	if (status == STATUS_OK)
		*out = db;
	else
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

	sqlite3_progress_handler(db->sqlite, STEPS_PER_LOOK, out_of_time, &deadline);
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

static int over_budget(void *arg)
{
	const struct connection *db = arg;

	return clock_left_ms(db->deadline) == 0;
}

void connection_budget(struct connection *db, int milliseconds)
{
	db->deadline = clock_monotonic_ms() + milliseconds;
	sqlite3_progress_handler(db->sqlite, milliseconds == 0 ? 0 : STEPS_PER_LOOK, over_budget,
				 db);
}

static int ask_guard(void *arg, int action, const char *first, const char *second,
		     const char *database, const char *inside)
{
	const struct guard *guard = arg;
	enum guarded what = GUARDED_OTHER;

	(void)database;
	(void)inside;
	if (action == SQLITE_SELECT)
		what = GUARDED_SELECT;
	else if (action == SQLITE_READ)
		what = GUARDED_READ;
	else if (action == SQLITE_FUNCTION)
		what = GUARDED_FUNCTION;
	return guard->allows(guard->arg, what, action == SQLITE_FUNCTION ? second : first)
		   ? SQLITE_OK
		   : SQLITE_DENY;
}

void connection_guard(struct connection *db, const struct guard *guard)
{
	db->guard = *guard;
	sqlite3_set_authorizer(db->sqlite, ask_guard, &db->guard);
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
						     SQLITE_STATIC, SQLITE_UTF8);
}

void statement_bind_integer(struct statement *s, int n, int64_t value)
{
	if (s->code == SQLITE_OK)
		s->code = sqlite3_bind_int64(s->prepared, n, value);
}

void statement_bind_blob(struct statement *s, int n, const void *data, size_t len)
{
	if (s->code == SQLITE_OK)
		s->code = sqlite3_bind_blob64(s->prepared, n, data, len, SQLITE_STATIC);
}

enum status statement_row(struct statement *s, struct error *err)
{
	if (s->code == SQLITE_OK)
		s->code = sqlite3_step(s->prepared);
	if (s->code == SQLITE_ROW) {
		s->code = SQLITE_OK;
		return STATUS_OK;
	}
	enum status status =
	    s->code == SQLITE_DONE ? STATUS_NOT_FOUND : failed(s->db, s->code, err);
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

/* ---- statements that are not of the catalogue ---- */

enum status statement_prepare(struct connection *db, const char *sql, struct statement **out,
			      long *end, struct error *err)
{
	const char *rest = NULL;
	struct statement *s = calloc(1, sizeof *s);

	if (s == NULL)
		return error_no_memory(err);
	s->db = db;
	s->code =
	    sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->prepared, &rest);
	if (s->code == SQLITE_OK && s->prepared != NULL) {
		*end = rest - sql;
		*out = s;
		return STATUS_OK;
	}
	int primary = s->code & 0xff;
	enum status status = STATUS_BAD_REQUEST;
	*end = sqlite3_error_offset(db->sqlite);
	if (s->code == SQLITE_OK)
		error_set(err, status, "there is no statement in it");
	else if (primary == SQLITE_ERROR || primary == SQLITE_AUTH || primary == SQLITE_TOOBIG)
		error_set(err, status, "%s", sqlite3_errmsg(db->sqlite));
	else
		status = failed(db, s->code, err);
	statement_free(s);
	return status;
}

void statement_free(struct statement *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->prepared);
	free(s);
}

void statement_reset(struct statement *s)
{
	sqlite3_reset(s->prepared);
	sqlite3_clear_bindings(s->prepared);
	s->code = SQLITE_OK;
}

bool statement_only_reads(const struct statement *s)
{
	return sqlite3_stmt_readonly(s->prepared) && sqlite3_stmt_isexplain(s->prepared) == 0;
}

int statement_param_count(const struct statement *s)
{
	return sqlite3_bind_parameter_count(s->prepared);
}

const char *statement_param_name(const struct statement *s, int n)
{
	return sqlite3_bind_parameter_name(s->prepared, n);
}

int statement_column_count(const struct statement *s)
{
	return sqlite3_column_count(s->prepared);
}

const char *statement_column_name(const struct statement *s, int column)
{
	return sqlite3_column_name(s->prepared, column);
}

enum value_kind statement_value_kind(struct statement *s, int column)
{
	switch (sqlite3_column_type(s->prepared, column)) {
	case SQLITE_NULL:
		return VALUE_NULL;
	case SQLITE_INTEGER:
		return VALUE_INTEGER;
	case SQLITE_TEXT:
		return VALUE_TEXT;
	default:
		return VALUE_OTHER;
	}
}

size_t statement_value_length(struct statement *s, int column)
{
	return (size_t)sqlite3_column_bytes(s->prepared, column);
}
