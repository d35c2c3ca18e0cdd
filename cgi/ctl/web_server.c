/*
 * Finds the accounts that a web server on this machine runs as. They are the accounts of all
 * processes that have the web server's listening socket open (proc(5): /proc/net/tcp,
 * /proc/PID/fd).
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/web.h"

#define SOCKETS_MAX  16  /* a port can be open on several addresses */
#define STATE_LISTEN 0xA /* the kernel's TCP_LISTEN */

struct sockets {
	size_t count;
	unsigned long inodes[SOCKETS_MAX];
};

/* Indexes of fields in a line of /proc/net/tcp. */
enum { FIELD_LOCAL = 1, FIELD_STATE = 3, FIELD_INODE = 9, FIELD_COUNT };

/* Returns the inode of the socket in this line if it listens on the port, otherwise 0. */
static unsigned long line_read(char *line, long port)
{
	const char *fields[FIELD_COUNT] = {NULL};
	char *rest = NULL;
	size_t count = 0;

	for (char *field = strtok_r(line, " \n", &rest); field != NULL && count < FIELD_COUNT;
	     field = strtok_r(NULL, " \n", &rest))
		fields[count++] = field;
	const char *colon = count == FIELD_COUNT ? strchr(fields[FIELD_LOCAL], ':') : NULL;
	if (colon == NULL || strtol(colon + 1, NULL, 16) != port ||
	    strtol(fields[FIELD_STATE], NULL, 16) != STATE_LISTEN)
		return 0;
	return strtoul(fields[FIELD_INODE], NULL, 10);
}

/* Adds the listening sockets in a file such as /proc/net/tcp. */
static void sockets_add(const char *file, long port, struct sockets *out)
{
	FILE *table = fopen(file, "re");
	char line[512];

	while (table != NULL && out->count < SOCKETS_MAX &&
	       fgets(line, sizeof(line), table) != NULL) {
		unsigned long inode = line_read(line, port);

		if (inode != 0)
			out->inodes[out->count++] = inode;
	}
	if (table != NULL)
		fclose(table);
}

static bool is_one_of(const struct sockets *sockets, const char *link)
{
	static const char begin[] = "socket:[";

	if (strncmp(link, begin, strlen(begin)) != 0)
		return false;
	unsigned long inode = strtoul(link + strlen(begin), NULL, 10);
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->inodes[i] == inode)
			return true;
	return false;
}

static bool has_open(const char *pid, const struct sockets *sockets)
{
	char name[300];
	bool found = false;

	snprintf(name, sizeof(name), "/proc/%s/fd", pid);
	DIR *folder = opendir(name);
	for (struct dirent *entry; folder != NULL && !found && (entry = readdir(folder)) != NULL;) {
		char link[64];
		ssize_t len = readlinkat(dirfd(folder), entry->d_name, link, sizeof(link) - 1);

		link[len > 0 ? len : 0] = '\0';
		found = is_one_of(sockets, link);
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

static void account_add(const char *pid, struct web_server *out)
{
	struct web_server_account account = {.pid = (pid_t)strtol(pid, NULL, 10)};
	struct stat process;
	char name[300];

	snprintf(name, sizeof(name), "/proc/%s", pid);
	if (stat(name, &process) != 0)
		return;
	account.uid = process.st_uid;
	for (size_t i = 0; i < out->count; i++)
		if (out->accounts[i].uid == account.uid)
			return;
	snprintf(name, sizeof(name), "/proc/%s/comm", pid);
	FILE *comm = fopen(name, "re");
	if (comm == NULL || fgets(account.name, sizeof(account.name), comm) == NULL)
		account.name[0] = '\0';
	account.name[strcspn(account.name, "\n")] = '\0';
	if (comm != NULL)
		fclose(comm);
	out->accounts[out->count++] = account;
}

static void leave_root_out(struct web_server *found)
{
	size_t kept = 0;

	if (found->count < 2)
		return;
	for (size_t i = 0; i < found->count; i++)
		if (found->accounts[i].uid != 0)
			found->accounts[kept++] = found->accounts[i];
	found->count = kept;
}

void web_server_find(long port, struct web_server *out)
{
	struct sockets sockets = {0};

	*out = (struct web_server){0};
	sockets_add("/proc/net/tcp", port, &sockets);
	sockets_add("/proc/net/tcp6", port, &sockets);
	if (sockets.count == 0)
		return;
	DIR *all = opendir("/proc");
	for (struct dirent *entry;
	     all != NULL && out->count < WEB_SERVER_ACCOUNTS && (entry = readdir(all)) != NULL;)
		if (isdigit((unsigned char)entry->d_name[0]) && has_open(entry->d_name, &sockets))
			account_add(entry->d_name, out);
	if (all != NULL)
		closedir(all);
	leave_root_out(out);
}
