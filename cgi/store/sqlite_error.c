/*
 * Converts SQLite's result codes to a status, a FAULT_… value for the program, and advice for the
 * operator. There is a table for our database and a table for another program's database.
 */
#include <errno.h>

#include "base/metrics.h"
#include "store/sqlite.h"

/*
 * `code` is an extended or a primary result code. A primary code stands for all extended codes of
 * its kind that are not in the table.
 */
static const struct failure {
	int code;
	enum connection_fault fault;
	const char *next; /* what the operator should do */
} failures[] = {
    {SQLITE_BUSY,               FAULT_BUSY,
     "another program keeps the database locked: look for a backup program or an sqlite3 shell "
     "that has the file open"									   },
    {SQLITE_BUSY_RECOVERY,      FAULT_BUSY,    "another process is recovering the database: try again"  },
    {SQLITE_LOCKED,             FAULT_BUSY,    "another thread kept the database locked: try again"     },
    {SQLITE_PROTOCOL,           FAULT_NONE,
     "file locks do not work on this file system: move the database to a disk of this machine"          },
    {SQLITE_READONLY,           FAULT_NONE,
     "the file or the file system is read-only: make the file and the file system writable for the "
     "program"											  },
    {SQLITE_READONLY_RECOVERY,  FAULT_NONE,
     "a crash left a write-ahead log that must be recovered: make the file and the directory "
     "writable"											 },
    {SQLITE_READONLY_ROLLBACK,  FAULT_NONE,
     "a crash left a journal that must be rolled back: make the file and the directory writable"        },
    {SQLITE_READONLY_CANTLOCK,  FAULT_NONE,
     "the -shm file is not writable: chown the -shm file to the program's user"                         },
    {SQLITE_READONLY_CANTINIT,  FAULT_NONE,
     "the -shm file cannot be created: make the directory writable for the program"                     },
    {SQLITE_READONLY_DIRECTORY, FAULT_NONE,
     "the program must also be able to create the -journal, -wal and -shm files: make the "
     "directory writable"									       },
    {SQLITE_READONLY_DBMOVED,   FAULT_NONE,
     "the file was moved or replaced while in use: put the right file back and restart the "
     "program"											  },
    {SQLITE_FULL,               FAULT_FULL,    "the disk or the quota is full: free some space"         },
    {SQLITE_CORRUPT,            FAULT_DAMAGED,
     "the file is damaged: stop the program, keep the damaged file, and restore a backup"               },
    {SQLITE_NOTADB,             FAULT_DAMAGED,
     "the file is not an SQLite database: check the key `database`, or restore a backup"                },
    {SQLITE_CANTOPEN,           FAULT_NONE,
     "the file cannot be opened: the program's user must own the file and be able to write to the "
     "directory (for a systemd service, see ReadWritePaths=)"                                           },
    {SQLITE_PERM,               FAULT_NONE,    "access was denied: chown the file to the program's user"},
    {SQLITE_AUTH,               FAULT_NONE,    "access was denied: chown the file to the program's user"},
    {SQLITE_IOERR,              FAULT_NONE,    "the disk failed: see the kernel's log"                  },
    {SQLITE_NOLFS,              FAULT_NONE,    "the file is too large for the file system"              },
    {SQLITE_ERROR,              FAULT_NONE,
     "the tables are not as expected: run prebindctl check, or restore a backup"                        },
};

/*
 * Like the table `failures`, but for another program's database. Because that database is not ours,
 * the operator is not told to chown, restore or migrate it.
 */
static const struct failure foreign_failures[] = {
    {SQLITE_BUSY,               FAULT_BUSY,
     "the site has been writing to the database for too long: try again, or set journal_mode=WAL "
     "in the site's database"										      },
    {SQLITE_BUSY_RECOVERY,      FAULT_BUSY,    "another process is recovering the database: try again"             },
    {SQLITE_BUSY_SNAPSHOT,      FAULT_BUSY,    "the database changed during the query: try again"                  },
    {SQLITE_LOCKED,             FAULT_BUSY,    "another thread kept the database locked: try again"                },
    {SQLITE_PROTOCOL,           FAULT_NONE,
     "file locks do not work on this file system: the site's database must be on a disk of this "
     "machine"												     },
    {SQLITE_READONLY,           FAULT_NONE,
     "the write-ahead log of the site's database cannot be used without writing: make the "
     "directory writable for the program's user"								   },
    {SQLITE_READONLY_RECOVERY,  FAULT_NONE,
     "a crash of the site left a write-ahead log: open the site once, so that the site recovers "
     "its database"												},
    {SQLITE_READONLY_ROLLBACK,  FAULT_NONE,
     "a crash of the site left a journal: open the site once, so that the site rolls its database "
     "back"													},
    {SQLITE_READONLY_CANTLOCK,  FAULT_NONE,
     "the -shm file is not writable: make the -shm file writable for a group that the site and "
     "prebind share"											       },
    {SQLITE_READONLY_CANTINIT,  FAULT_NONE,
     "the -shm file cannot be created: make the directory writable for the program, make the site "
     "keep its database open, or set journal_mode=DELETE in the site's database"                                   },
    {SQLITE_READONLY_DIRECTORY, FAULT_NONE,
     "the -shm file cannot be created: make the directory writable for the program, make the site "
     "keep its database open, or set journal_mode=DELETE in the site's database"                                   },
    {SQLITE_CORRUPT,            FAULT_DAMAGED,
     "the site's database is damaged: repair the site's database first"                                            },
    {SQLITE_NOTADB,             FAULT_DAMAGED,
     "the file is not an SQLite database: check the key `site_database`"                                           },
    {SQLITE_CANTOPEN,           FAULT_NONE,
     "the file cannot be opened: the program's user must be able to read the file and, if the "
     "database uses a write-ahead log, to write to the directory"                                                  },
    {SQLITE_PERM,               FAULT_NONE,    "access was denied: give the program's user read access to the file"},
    {SQLITE_AUTH,               FAULT_NONE,    "the query does something that is not allowed"                      },
    {SQLITE_IOERR,              FAULT_NONE,    "the disk failed: see the kernel's log"                             },
    {SQLITE_INTERRUPT,          FAULT_BUSY,
     "the query takes too long: create an index on the columns that the query searches"                            },
    {SQLITE_TOOBIG,             FAULT_NONE,    "a value is too large for a session"                                },
    {SQLITE_ERROR,              FAULT_NONE,
     "the query does not fit the site's tables, perhaps after an update of the site: run "
     "prebindctl check"											    },
};

static const struct failure *failure_of(const struct connection *db, int code)
{
	const struct failure *rows = lite(db)->foreign ? foreign_failures : failures;
	size_t count = lite(db)->foreign ? sizeof(foreign_failures) / sizeof(foreign_failures[0])
					 : sizeof(failures) / sizeof(failures[0]);
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
		return error_set(err, STATUS_CONFLICT, "%s", sqlite3_errmsg(lite(db)->sqlite));
	return error_set(err, STATUS_BAD_REQUEST, "%s", sqlite3_errmsg(lite(db)->sqlite));
}

/* True for an errno of a failed read that SQLite wrongly reports as damage. */
static bool disk_refused(int number)
{
	return number == EIO || number == ENXIO || number == ERANGE;
}

/*
 * True if SQLite reports damage although only a read from the disk failed. The same read might
 * succeed a second later, so the file is not treated as damaged. SQLite keeps the errno until the
 * file is closed, so the caller must close the connection afterwards.
 */
static bool read_failed(sqlite3 *sqlite)
{
	sqlite3_file *journal = NULL;
	int of_file = 0, of_journal = 0;

	sqlite3_file_control(sqlite, "main", SQLITE_FCNTL_LAST_ERRNO, &of_file);
	sqlite3_file_control(sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal);
	if (journal != NULL && journal->pMethods != NULL)
		journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &of_journal);
	return disk_refused(of_file) || disk_refused(of_journal);
}

/*
 * Records a failure. FAULT_UNREAD and FAULT_DAMAGED are not replaced by a less serious failure,
 * because they make the connection or the file unusable.
 */
static void set_fault(struct connection *db, enum connection_fault fault)
{
	if (db->fault < FAULT_UNREAD || fault > db->fault)
		db->fault = fault;
}

enum status sqlite_failed(struct connection *db, int code, struct error *err)
{
	const struct failure *failure = failure_of(db, code);

	if ((code & 0xff) == SQLITE_NOMEM)
		return error_no_memory(err);
	if ((code & 0xff) == SQLITE_CONSTRAINT)
		return constraint_failed(db, code, err);
	metrics_add(lite(db)->foreign ? METRIC_SITE_DATABASE_ERROR : METRIC_DATABASE_ERROR);
	if (failure == NULL)
		return error_set(err, STATUS_INTERNAL, "%s: %s (SQLite %d)", db->path,
				 sqlite3_errmsg(lite(db)->sqlite), code);
	if ((code & 0xff) == SQLITE_CORRUPT && read_failed(lite(db)->sqlite)) {
		set_fault(db, FAULT_UNREAD);
		return error_set(err, STATUS_UNAVAILABLE, "%s: a read failed (SQLite %d); %s",
				 db->path, code, failure_of(db, SQLITE_IOERR)->next);
	}
	set_fault(db, failure->fault);
	return error_set(err, STATUS_UNAVAILABLE, "%s: %s (SQLite %d); %s", db->path,
			 sqlite3_errmsg(lite(db)->sqlite), code, failure->next);
}
