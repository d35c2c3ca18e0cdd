/*
 * Starts a program of the kit with the kit's own loader and libraries, so that it runs on systems
 * with an older or a newer libc. It is linked statically and stands under several names: as
 * prebind.cgi it starts prebind.fcgi, otherwise the program of its own name. As long as there is no
 * configuration, prebind.cgi starts prebindctl for the address /setup.
 *
 * The programs and libraries are in prebind-private/lib. The folder prebind-private is looked for
 * beside this file and beside each folder above it. It must belong to this file's owner.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRIVATE "/prebind-private"
#define LIB     "/lib"
#define LOADER  "ld-linux-x86-64.so.2"
#define CGI     "/prebind.cgi"
#define SETUP   "/setup"

/* A program from a folder of another account must not run with this account's rights. */
static int is_ours(const char *folder, uid_t owner)
{
	struct stat found;

	return stat(folder, &found) == 0 && found.st_uid == owner &&
	       (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Cuts the last name off. Returns it, or NULL at the root. */
static char *name_cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

/* Changes the path of this file to that of the private folder. Returns 0 if there is none. */
static int private_find(char *path, uid_t owner)
{
	while (name_cut(path) != NULL) {
		char *end = path + strlen(path);

		memcpy(end, PRIVATE, sizeof(PRIVATE));
		if (is_ours(path, owner))
			return 1;
		*end = '\0';
	}
	return 0;
}

/* Joins two texts. There is no use for a process without the memory for that. */
static char *joined(const char *a, const char *b)
{
	char *out;

	if (asprintf(&out, "%s%s", a, b) < 0)
		_exit(1);
	return out;
}

/* Tells the program where its files are. page: the folder of prebind.cgi. */
static void paths_set(const char *private, const char *page)
{
	char *conf = joined(private, "/etc/prebind.conf");

	setenv("PREBIND_CONF", conf, 0);
	setenv("PREBIND_DATADIR", private, 1);
	setenv("PREBIND_KIT", private, 1);
	if (page != NULL)
		setenv("PREBIND_KIT_PAGE", page, 1);
	else
		unsetenv("PREBIND_KIT_PAGE");
	free(conf);
}

/* True if the page /setup was asked for, and there is no configuration yet. */
static int is_setup(void)
{
	const char *path = getenv("PATH_INFO");
	const char *conf = getenv("PREBIND_CONF");

	return path != NULL && strcmp(path, SETUP) == 0 && access(conf, F_OK) != 0 &&
	       errno == ENOENT;
}

/* The page's address is /chat/ and not /chat/prebind.cgi/, as .htaccess says. */
static void script_name_shorten(void)
{
	const char *script = getenv("SCRIPT_NAME");
	size_t len = script != NULL ? strlen(script) : 0;

	if (len < strlen(CGI) || strcmp(script + len - strlen(CGI), CGI) != 0)
		return;
	char *shorter = joined(script, "");
	shorter[len - strlen(CGI)] = '\0';
	setenv("SCRIPT_NAME", shorter, 1);
	free(shorter);
}

/* Returns only if it fails, with errno. argv: the program's arguments, without its name. */
static int start(const char *private, const char *name, char *const *argv)
{
	char *lib = joined(private, LIB "/");
	char *loader = joined(lib, LOADER);
	char inhibit[] = "--inhibit-cache", path[] = "--library-path";
	char *const first[] = {loader, inhibit, path, lib, joined(lib, name)};
	enum { FIRST = sizeof(first) / sizeof(first[0]) };
	size_t count = 0;

	while (argv[count] != NULL)
		count++;
	char **args = calloc(FIRST + count + 1, sizeof(*args));
	if (args == NULL)
		return ENOMEM;
	memcpy(args, first, sizeof(first));
	memcpy(args + FIRST, argv, count * sizeof(*argv));
	execv(loader, args);
	if (errno == EACCES && chmod(loader, 0755) == 0) /* an upload may lose the mode */
		execv(loader, args);
	return errno;
}

/* A web server that started us shows this page; it is also what a shell shows. */
static int fail(const char *what, const char *next)
{
	if (getenv("GATEWAY_INTERFACE") != NULL)
		fputs("Status: 500 Internal Server Error\r\nContent-Type: text/plain\r\n"
		      "Cache-Control: no-store\r\n\r\n",
		      stdout);
	printf("prebind: %s. %s\n", what, next);
	return 1;
}

int main(int argc, char **argv)
{
	char path[PATH_MAX + sizeof(PRIVATE)], setup[] = "setup", page[] = "--page";
	char *const setup_page[] = {setup, page, NULL};
	char *const *arguments = argc > 0 ? argv + 1 : argv;
	struct stat self;
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (len <= 0 || stat("/proc/self/exe", &self) != 0)
		return fail("the system does not tell where this program is",
			    "Ask the host to mount /proc.");
	path[len] = '\0';
	char *self_name = joined(strrchr(path, '/'), "");
	char *folder = joined(path, "");
	int cgi = strcmp(self_name, CGI) == 0;
	const char *name = self_name + 1;
	if (!private_find(path, self.st_uid))
		return fail(
		    "the folder prebind-private is not beside this folder or above it, or it "
		    "belongs to another account than this file, or others may write to it",
		    "INSTALL.html says where to put it.");
	name_cut(folder);
	paths_set(path, cgi ? folder : NULL);
	if (cgi) {
		script_name_shorten();
		name = "prebind.fcgi";
	}
	if (cgi && is_setup()) { /* without the arguments, which come from the query */
		name = "prebindctl";
		arguments = setup_page;
	}
	return fail(strerror(start(path, name, arguments)),
		    "Give the files in prebind-private/lib the mode 755.");
}
