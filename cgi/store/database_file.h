/*
 * A database's file as the file system sees it: is it there, may anybody else write to it, is it on
 * this machine. Never opens it: closing any descriptor of a database file drops all locks that the
 * process holds on it. Internal to store/.
 */
#ifndef STORE_DATABASE_FILE_H
#define STORE_DATABASE_FILE_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Refused, with the command that mends it: a missing file, a link, an owner other than us or root
 * (root itself may work on anybody's), any group or other bit in the file's mode, a directory that
 * group or others may write to.
 */
enum status database_file_check(const char *path, struct error *err);

/* Refused, with the command that mends it: a file that is there and that we may not write to. */
enum status database_file_check_writable(const char *path, struct error *err);

/* May this user make files in the database's directory? */
enum status database_file_check_folder(const char *path, struct error *err);

/*
 * SQLite gives the files that it makes beside a database the database's mode: those of one that was
 * read-only for a while cannot be written either, and stay. Those that belong to us are made
 * writable again.
 */
void database_file_mend_sides(const char *path);

/*
 * The -wal, -shm, -journal and .limits that are there are ours to read and write. Refused with the
 * command that mends it: with a file of SQLite's that is not, SQLite takes the database itself for
 * read-only.
 */
enum status database_file_beside(const char *path, struct error *err);

/* Is there room on its file system, and in the quota? Asked for and given back. */
enum status database_file_room(const char *path, struct error *err);

/* Makes an empty file, 0600, if there is none; as root: the directory owner's. */
enum status database_file_create(const char *path, struct error *err);

/*
 * Is it on a file system whose locks and shared memory may lie between other machines' (REL-DB-1)?
 */
bool database_file_on_network(const char *path);

#endif
