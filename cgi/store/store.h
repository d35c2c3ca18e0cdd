/*
 * One database: a pool of connections behind an opaque handle. The tables are asked through user.h,
 * session.h, jid_map.h, site_key.h and limit.h; each of their functions borrows a connection for
 * its own duration, so nothing is held while the program waits for anything else. Thread-safe. Only
 * sqlite_*.c know SQLite.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>

#include "base/error.h"

struct store;

/*
 * Opens the database of a site for serving: it must exist, carry the schema this program was built
 * with, and belong to that site (the NAME of its [site NAME]). Another one is refused with the
 * command that mends it. Failures of the database itself are STATUS_UNAVAILABLE, here and in every
 * function of this layer. The caller owns *out.
 */
enum status store_open(const char *path, const char *site, struct store **out, struct error *err);
void store_close(struct store *store); /* all borrowed connections must be back; takes NULL */

struct store_migration_report {
	int from; /* schema before; 0: a new database */
	int to;
	char *
	    adopted_from; /* the other site that it belonged to; NULL: none. The caller frees it. */
};
struct store_migration {
	const char *path;
	const char *site; /* it belongs to this one from now on */
	bool adopt;       /* even where it belonged to another: that one's logins in it end */
};

/*
 * Creates the file (0600) if it is missing and applies what is missing, each migration in a
 * transaction. out may be NULL.
 */
enum status store_migrate(const struct store_migration *what, struct store_migration_report *out,
			  struct error *err);

/*
 * A few questions in a row, asked by one thread: functions that are given a reader in the store's
 * place share one connection, and the lock that the first found row has on the file, instead of
 * taking both each time. Both go back with store_rest, which is due before anything else is waited
 * for, and before a write. The store outlives its readers. The caller frees *out.
 */
enum status store_reader_new(struct store *store, struct store **out, struct error *err);
void store_rest(struct store *reader);        /* of a store itself, or NULL: nothing */
void store_reader_free(struct store *reader); /* takes NULL */

/*
 * Whether the file could be used, as far as that is seen without opening it: to open one that can
 * only be read leaves files beside it.
 */
enum status store_check_file(const char *path, struct error *err);

/* The schema this program was built with: the number of its last migration. */
int store_schema(void);

/* One cheap read, for /health. */
enum status store_ping(struct store *store, struct error *err);

/*
 * May it be written, and is there room for what a day brings? A transaction that is rolled back,
 * and room that is asked for and given back: nothing changes.
 */
enum status store_write_check(struct store *store, struct error *err);

/* Are the files beside a database (SQLite's own and .limits), if there are any, ours to write? */
enum status store_files_check(const char *path, struct error *err);

/*
 * Is the file sound? For a start and `prebindctl check`; a big one is looked at for two seconds
 * only.
 */
enum status store_verify(struct store *store, struct error *err);

#endif
