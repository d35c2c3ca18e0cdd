/*
 * Identifies each database, so that two sites cannot share a database. An existing file is
 * identified by device and inode, so links and other spellings of its path lead to the same file. A
 * file that does not exist yet is identified by its folder and its name. A database on a server is
 * identified by its URI. Two spellings of a URI count as different here, but the database itself
 * records the name of its site.
 */
#include "conf/databases.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/site_uri.h"

/* Identifies a file. Two paths lead to the same file if their keys are equal. */
struct file_key {
	dev_t device;
	ino_t inode;
	/*
	 * If the file exists, name is "", and device and inode identify the file. Otherwise name is
	 * the file's name, and device and inode identify the file's folder.
	 */
	const char *name;
};

struct row {
	struct row *next;    /* the row that was added before this one */
	struct file_key key; /* key.name points into path or is a constant */
	struct database_use use;
	char path[];
};

struct databases {
	struct row *rows; /* owned; the newest row first */
	void *tree;       /* the root of a tree of tsearch(3), whose nodes are the rows */
};

static int row_compare(const void *a, const void *b)
{
	const struct file_key *first = &((const struct row *)a)->key;
	const struct file_key *second = &((const struct row *)b)->key;

	if (first->device != second->device)
		return first->device < second->device ? -1 : 1;
	if (first->inode != second->inode)
		return first->inode < second->inode ? -1 : 1;
	return strcmp(first->name, second->name);
}

/* Replaces "//" and "/./" by "/", and removes a "/" at the end. */
static void path_normalise(char *path)
{
	char *out = path;

	for (const char *at = path; *at != '\0';) {
		size_t len = strcspn(at + 1, "/"); /* at points to a slash */
		if (len > 0 && !(len == 1 && at[1] == '.')) {
			memmove(out, at, len + 1);
			out += len + 1;
		}
		at += len + 1;
	}
	*out = '\0';
}

/* Calls stat for the folder of the path, which can be "/". Returns false if stat failed. */
static bool folder_stat(char *path, struct stat *out)
{
	char *slash = strrchr(path, '/');

	*slash = '\0';
	bool found = stat(slash == path ? "/" : path, out) == 0;
	*slash = '/';
	return found;
}

/*
 * Returns the key of the file at this path. If stat fails for the file and for its folder, the path
 * itself is the key. In this case this process cannot open the database. A process that can open
 * the database finds the name of its site in the database.
 */
static struct file_key key_of(char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return (struct file_key){st.st_dev, st.st_ino, ""};
	if (path[0] == '/' && folder_stat(path, &st))
		return (struct file_key){st.st_dev, st.st_ino, strrchr(path, '/') + 1};
	return (struct file_key){.name = path};
}

static struct row *row_new(const char *path, const struct database_use *use)
{
	size_t size = strlen(path) + 1;
	struct row *row = malloc(sizeof(*row) + size);

	if (row == NULL)
		return NULL;
	*row = (struct row){.use = *use};
	memcpy(row->path, path, size);
	if (site_uri_kind(path) == SITE_URI_PATH)
		path_normalise(row->path);
	row->key = key_of(row->path);
	return row;
}

bool databases_same(const char *a, const char *b)
{
	struct row *first = row_new(a, &(struct database_use){0});
	struct row *second = row_new(b, &(struct database_use){0});
	bool same = first != NULL && second != NULL && row_compare(first, second) == 0;

	free(first);
	free(second);
	return same;
}

const char *databases_side_suffix(const char *path)
{
	static const char *const suffixes[] = {".limits", "-wal", "-shm", "-journal"};
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t end = strlen(suffixes[i]);
		if (len > end && strcmp(path + len - end, suffixes[i]) == 0)
			return suffixes[i];
	}
	return NULL;
}

enum status databases_new(struct databases **out, struct error *err)
{
	struct databases *databases = calloc(1, sizeof(*databases));

	if (databases == NULL)
		return error_no_memory(err);
	*out = databases;
	return STATUS_OK;
}

void databases_free(struct databases *databases)
{
	if (databases == NULL)
		return;
	databases_forget(databases, 0);
	free(databases);
}

enum status databases_add(struct databases *databases, const char *path,
			  const struct database_use *use, const struct database_use **other,
			  struct error *err)
{
	struct row *row = row_new(path, use);
	struct row **node = row != NULL ? tsearch(row, &databases->tree, row_compare) : NULL;

	if (node == NULL) {
		free(row);
		return error_no_memory(err);
	}
	if (*node != row) {
		free(row);
		*other = &(*node)->use;
		return STATUS_OK;
	}
	row->next = databases->rows;
	databases->rows = row;
	*other = NULL;
	return STATUS_OK;
}

void databases_forget(struct databases *databases, size_t first_site)
{
	struct row *row;

	while ((row = databases->rows) != NULL && row->use.site >= first_site) {
		databases->rows = row->next;
		tdelete(row, &databases->tree, row_compare);
		free(row);
	}
}
