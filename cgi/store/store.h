/*
 * A database, a file of SQLite or a PostgreSQL server's: a pool of connections behind an opaque
 * handle. user.h, session.h, jid_map.h and others read and write its tables. Each function borrows
 * a connection only while it runs, so none is held while the program waits for something else.
 * Thread-safe. Only sqlite_*.c know SQLite, and only postgresql_*.c know PostgreSQL.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>

#include "base/error.h"

struct store;

/* Where a database is. Everything is borrowed. */
struct store_place {
	const char *database;      /* the path of an SQLite file, or postgresql://… */
	const char *password_file; /* of the server's user; NULL or "": none is needed */
};
#define STORE_PLACE(site_conf)                                                                     \
	((struct store_place){(site_conf)->database, (site_conf)->database_password_file})

/*
 * Opens the database of a site for serving. It must exist, have the schema of this program, and
 * belong to that site (the NAME of its [site NAME]). Otherwise the error names the command that
 * corrects it. Failures of the database itself are STATUS_UNAVAILABLE, here and in every function
 * of this layer. The caller owns *out.
 */
enum status store_open(const struct store_place *place, const char *site, struct store **out,
		       struct error *err);
void store_close(struct store *store); /* all connections must be returned; NULL is allowed */

struct store_migration_report {
	int from; /* schema before; 0: a new database */
	int to;
	/* The site that it belonged to before; NULL: none. The caller frees it. */
	char *adopted_from;
};
struct store_migration {
	struct store_place place;
	const char *site; /* the database belongs to it from now on */
	/*
	 * Take the database over even if it belongs to another site, whose logins in it then end.
	 */
	bool adopt;
};

/*
 * Creates the file (0600) if it is missing and applies the missing migrations, each in a
 * transaction. out may be NULL.
 */
enum status store_migrate(const struct store_migration *what, struct store_migration_report *out,
			  struct error *err);

/*
 * Makes a reader, for several queries by one thread. Functions that get a reader instead of the
 * store all use one connection and one read lock on the file, instead of taking both each time.
 * store_rest returns the connection and ends the lock. Call it before you wait for anything else,
 * and before a write. The store must outlive its readers. The caller frees *out.
 */
enum status store_reader_new(struct store *store, struct store **out, struct error *err);
void store_rest(struct store *reader);        /* does nothing for a store or NULL */
void store_reader_free(struct store *reader); /* NULL is allowed */

/*
 * Checks that the file can be used, without opening it: opening a read-only database leaves files
 * beside it.
 */
enum status store_check_file(const char *path, struct error *err);

/* True if a server has the database: then it also has what a file has beside it. */
bool store_is_server(const struct store *store);

/* The schema of this program: the number of its last migration. */
int store_schema(void);

/* One cheap read, for /health. */
enum status store_ping(struct store *store, struct error *err);

/*
 * Checks that the database can be written and that there is free space. It changes nothing: the
 * transaction is rolled back and the space is freed.
 */
enum status store_write_check(struct store *store, struct error *err);

/*
 * Checks that this user may write the files beside a database (SQLite's own and .limits) that
 * exist.
 */
enum status store_files_check(const char *path, struct error *err);

/*
 * Checks that the file is sound, for a start and for `prebindctl check`. The check of a big file
 * stops after two seconds.
 */
enum status store_verify(struct store *store, struct error *err);

#endif
