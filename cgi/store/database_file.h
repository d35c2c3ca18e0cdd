/*
 * Checks a database file from outside: that it exists, that nobody else can write to it, that it is
 * on this machine. These functions never open the file: closing any descriptor of a database file
 * drops all locks that the process holds on it. Internal to store/.
 */
#ifndef STORE_DATABASE_FILE_H
#define STORE_DATABASE_FILE_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Refuses a missing file, a link, and a file that gives any permission to group or others. Refuses
 * a directory that group or others may write to. The owner of both must be this user or root; root
 * may use files of any owner. The error names the command that corrects it.
 */
enum status database_file_check(const char *path, struct error *err);

/*
 * Refuses a file that exists and that this user may not write to. The error names the command that
 * corrects it.
 */
enum status database_file_check_writable(const char *path, struct error *err);

/* Refuses a directory in which this user may not create files. */
enum status database_file_check_folder(const char *path, struct error *err);

/*
 * Makes the -wal and -shm files writable again if they belong to this user. SQLite gives them the
 * mode of the database, so those of a database that was read-only for a while stay read-only.
 */
void database_file_mend_sides(const char *path);

/*
 * Checks that this user may read and write the -wal, -shm, -journal and .limits files that exist.
 * If SQLite cannot write one of its own, it opens the database read-only. The error names the
 * command that corrects it.
 */
enum status database_file_beside(const char *path, struct error *err);

/* Checks for free space on the file system and in the quota: allocates 1 MiB and frees it again. */
enum status database_file_room(const char *path, struct error *err);

/*
 * Creates an empty file with mode 0600 if none exists. If root calls it, the file belongs to the
 * owner of the directory.
 */
enum status database_file_create(const char *path, struct error *err);

/*
 * True if the file is on a network or shared file system, where locks and shared memory are not
 * reliable.
 */
bool database_file_on_network(const char *path);

#endif
