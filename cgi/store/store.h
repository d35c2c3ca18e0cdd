/*
 * A database: an SQLite file or a database on a PostgreSQL server. It is a pool of connections
 * behind an opaque handle. user.h, session.h, jid_map.h and others read and write its tables. Each
 * function borrows a connection only while it runs, so the program holds no connection while it
 * waits for something else. Thread-safe. Only sqlite_*.c use SQLite, and only postgresql_*.c use
 * PostgreSQL.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>

#include "base/error.h"

struct store;

/* Where a database is. Everything is borrowed. */
struct store_location {
	const char *database;      /* the path of an SQLite file, or postgresql://… */
	const char *password_file; /* password of the server's user; NULL or "" if none is needed */
};
#define STORE_LOCATION(site_conf)                                                                  \
	((struct store_location){(site_conf)->database, (site_conf)->database_password_file})

/*
 * Opens the database of a site for serving. The database must exist, have this program's schema,
 * and belong to that site (the NAME of its [site NAME]). Otherwise the error names the command that
 * fixes the database. If the database itself fails, this function and all other functions of store/
 * return STATUS_UNAVAILABLE. The caller closes *out.
 */
enum status store_open(const struct store_location *location, const char *site, struct store **out,
		       struct error *err);
void store_close(struct store *store); /* all connections must be returned; NULL is allowed */

struct store_migration_report {
	int from; /* the schema number before the migrations; 0 for a new database */
	int to;
	/* The site that the database belonged to before, or NULL. The caller frees it. */
	char *adopted_from;
};
struct store_migration {
	struct store_location location;
	const char *site; /* the site that will own the database */
	/* Set to take over a database of another site. All logins in the database then end. */
	bool adopt;
};

/*
 * Creates the file with mode 0600 if it is missing. Then applies the missing migrations, each in
 * its own transaction. out can be NULL.
 */
enum status store_migrate(const struct store_migration *what, struct store_migration_report *out,
			  struct error *err);

/*
 * Creates a reader, with which one thread runs several queries. Functions that get a reader instead
 * of the store share one connection and one read lock on the file. Without a reader, each function
 * takes its own connection and lock. store_rest returns the connection and releases the lock. Call
 * store_rest before a write, and before you wait for anything else. The store must outlive its
 * readers. The caller frees *out.
 */
enum status store_reader_new(struct store *store, struct store **out, struct error *err);
void store_rest(struct store *reader);        /* does nothing for a store or NULL */
void store_reader_free(struct store *reader); /* NULL is allowed */

/*
 * Checks that the file can be used, without opening it. Opening a read-only database would leave
 * files beside it.
 */
enum status store_check_file(const char *path, struct error *err);

/*
 * True if the database is on a server. Data that is otherwise in files beside the database is then
 * also on the server.
 */
bool store_is_server(const struct store *store);

/* The schema of this program: the number of its last migration. */
int store_schema(void);

/* Runs one cheap read query, for /health. */
enum status store_ping(struct store *store, struct error *err);

/*
 * Checks that the database can be written and that the disk has free space. Nothing changes: the
 * transaction is rolled back, and the space is freed.
 */
enum status store_write_check(struct store *store, struct error *err);

/*
 * Checks that this process is allowed to write to the existing files beside a database (SQLite's
 * own files and .limits).
 */
enum status store_files_check(const char *path, struct error *err);

/*
 * Checks the database for damage, at the start and for `prebindctl check`. The check of a big file
 * stops after two seconds.
 */
enum status store_verify(struct store *store, struct error *err);

#endif
