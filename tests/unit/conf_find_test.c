/*
 * Where prebind.conf is looked for. Copies of this program run with an argument.
 */
#include "unit.h"

#include <limits.h>

#include "conf_fixture.h"

#define FIND_ARGUMENT "--find" /* makes this program print what conf_file_find says, and no test */

/* Runs a copy of this program in FOLDER/bin; what it prints goes to out. */
static void find_from(const char *variable, char out[1024])
{
	char command[512];
	snprintf(command, sizeof(command), "%s'%s/bin/program' " FIND_ARGUMENT, variable,
		 unit_folder());
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	size_t len = fread(out, 1, 1023, pipe);
	out[len] = '\0';
	assert_int_equal(pclose(pipe), 0);
}

static void program_copy(void)
{
	char command[PATH_MAX + 256];
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(len > 0);
	self[len] = '\0';
	snprintf(command, sizeof(command), "mkdir '%s/bin' '%s/etc' && cp '%s' '%s/bin/program'",
		 unit_folder(), unit_folder(), self, unit_folder());
	assert_int_equal(system(command), 0);
}

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(file_is_looked_for_in_order)
{
	char out[1024];
	char expected[1024];
	program_copy();
	snprintf(
	    expected, sizeof(expected),
	    "there is no prebind.conf, because neither %s/etc/prebind.conf nor " PREBIND_SYSCONFDIR
	    "/prebind.conf exists; specify the file with the option -c or "
	    "in the variable PREBIND_CONF",
	    unit_folder());
	find_from("PREBIND_CONF= ", out);
	if (access(PREBIND_SYSCONFDIR "/prebind.conf", F_OK) == 0)
		strcpy(expected, PREBIND_SYSCONFDIR "/prebind.conf");
	assert_string_equal(out, expected);

	unit_write("etc/prebind.conf", "");
	snprintf(expected, sizeof(expected), "%s/etc/prebind.conf", unit_folder());
	find_from("PREBIND_CONF= ", out);
	assert_string_equal(out, expected);
	find_from("PREBIND_CONF=/some/where ", out);
	assert_string_equal(out, "/some/where");
}

FIXTURE(NULL, NULL)

TEST(option_comes_first)
{
	char *file = NULL;
	setenv("PREBIND_CONF", "/from/the/environment", 1);
	assert_ok(conf_file_find("mine.conf", &file, ERR));
	assert_string_equal(file, "mine.conf");
	free(file);
	unsetenv("PREBIND_CONF");
}

/* glibc gives main()'s arguments to constructors, too. */
__attribute__((constructor)) static void find_and_print(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], FIND_ARGUMENT) != 0)
		return;
	char *file = NULL;
	struct error err = {.text = ""};
	if (conf_file_find(NULL, &file, &err) == STATUS_OK)
		printf("%s", file);
	else
		printf("%s", err.text);
	free(file);
	exit(0);
}

TEST(free_takes_null)
{
	conf_free(NULL);
}
