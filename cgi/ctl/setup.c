/*
 * prebindctl setup: asks questions at the terminal, shows what it will write, writes the files,
 * creates the database, and checks the result. The questions and the files are in setup/.
 */
#include "ctl/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/account.h"
#include "ctl/ctl.h"
#include "password/hash.h"

#define CONF_FILE PREBIND_SYSCONFDIR "/prebind.conf"

/* ---- at the terminal ---- */

static enum status ask(const char *question, const char *const *words, const char *proposal,
		       char line[SETUP_LINE_ROOM], struct error *err)
{
	printf("\n");
	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		printf("%s%s", i == 0 ? "  " : ", ", words[i]);
	if (words != NULL)
		printf("\n");
	printf("%s\n  [%s] ", question, proposal);
	fflush(stdout);
	if (fgets(line, SETUP_LINE_ROOM, stdin) == NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the input ended before all questions "
				 "were answered");
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '\0')
		snprintf(line, SETUP_LINE_ROOM, "%s", proposal);
	return STATUS_OK;
}

static enum status ask_secret(const char *what, char **out, struct error *err)
{
	return ctl_read_secret(false, what, PASSWORD_MAX, out, err);
}

/*
 * Reads the answers on the command line before the file of --answers, because the first answer to a
 * question counts.
 */
static enum status given(struct setup *setup, const struct ctl *ctl, struct error *err)
{
	enum status status = STATUS_OK;

	for (int i = 0; i < ctl->argc && status == STATUS_OK; i++) {
		char *copy = strdup(ctl->argv[i]);

		status = copy != NULL ? setup_given_line(setup, copy, err) : error_no_memory(err);
		free(copy);
	}
	if (status == STATUS_OK && ctl->answers != NULL)
		status = setup_given_file(setup, ctl->answers, err);
	return status;
}

/* Asks the operator for confirmation if setup runs at a terminal. */
static bool may_write(const struct setup *setup, const struct ctl *ctl)
{
	char line[16];

	if (ctl->dry_run)
		return false;
	if (setup->ask == NULL)
		return true;
	printf("\nWrite them? [y/N] ");
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

/* ---- after the questions ---- */

/* Creates the database in a child process that runs as the program's account. */
static enum status make_database(struct ctl *ctl, struct error *err)
{
	int result = 0;

	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		uid_t account;
		struct error why = {0};
		bool ok =
		    account_of_site(ctl->conf, ctl->conf->sites, &account, &why) == STATUS_OK &&
		    account_become(account, &why) == STATUS_OK;

		ctl->site = ctl->conf->sites;
		int code = ok ? ctl_migrate(ctl) : ctl_fail(ctl, &why);
		fflush(stdout);
		_exit(code);
	}
	while (child > 0 && waitpid(child, &result, 0) < 0 && errno == EINTR)
		continue;
	if (child > 0 && WIFEXITED(result) && WEXITSTATUS(result) == EXIT_DONE)
		return STATUS_OK;
	return error_set(err, STATUS_UNAVAILABLE, "the database could not be created");
}

/*
 * Imports the keys of WordPress. If this fails, the import prints the reason, and this function
 * prints the command that repeats the import.
 */
static void import_keys(const struct setup *setup, const struct ctl *of)
{
	struct ctl ctl = *of;
	char *file = setup->wordpress;

	ctl.site = ctl.conf->sites;
	ctl.argc = 1;
	ctl.argv = &file;
	if (ctl_wordpress_import(&ctl) != EXIT_DONE)
		printf("Then run: prebindctl -c %s wordpress import %s\n", setup->conf, file);
}

enum status setup_finish(const struct setup *setup, struct ctl *ctl, struct error *err)
{
	enum status status = setup_files_write(setup, err);

	if (status == STATUS_OK)
		status = conf_load(setup->conf, &ctl->conf, err);
	if (status == STATUS_OK)
		status = make_database(ctl, err);
	if (status != STATUS_OK)
		return status;
	if (setup->wordpress != NULL)
		import_keys(setup, ctl);
	return STATUS_OK;
}

void setup_check(const struct setup *setup, struct ctl *ctl)
{
	puts("\nprebindctl check --deep:");
	ctl->deep = true;
	ctl_check(ctl);
	setup_say_next(setup);
}

/*
 * Checks the existing configuration. Called if setup replaces nothing because somebody changed a
 * file. Perhaps the operator runs setup because the existing configuration has an error.
 */
static void check_what_is_there(const struct setup *setup, struct ctl *ctl)
{
	struct error why = {0};

	if (access(setup->conf, F_OK) != 0)
		return;
	puts("\nprebindctl check --deep, with the files that already exist:");
	ctl->deep = true;
	if (conf_load(setup->conf, &ctl->conf, &why) == STATUS_OK)
		ctl_check(ctl);
	else
		printf("FAIL  %s\n", why.text);
}

static const char *conf_file(const struct ctl *ctl)
{
	const char *environment = getenv("PREBIND_CONF");

	if (ctl->config != NULL)
		return ctl->config;
	return environment != NULL && environment[0] != '\0' ? environment : CONF_FILE;
}

int ctl_setup(struct ctl *ctl)
{
	struct setup setup = {.say = stdout};
	struct error err = {0};

	if (ctl->page)
		return setup_page(ctl);
	if (ctl->answers == NULL && isatty(STDIN_FILENO)) {
		setup.ask = ask;
		setup.ask_secret = ask_secret;
	}
	enum status status = setup_begin(&setup, conf_file(ctl), &err);
	if (status == STATUS_OK)
		status = given(&setup, ctl, &err);
	if (status == STATUS_OK)
		status = setup_ask(&setup, &err);
	if (status == STATUS_OK)
		status = setup_plan(&setup, &err);
	if (status == STATUS_OK)
		status = setup_files_show(&setup, &err);
	if (status == STATUS_FORBIDDEN)
		check_what_is_there(&setup, ctl);
	bool write = status == STATUS_OK && may_write(&setup, ctl);
	if (write)
		status = setup_finish(&setup, ctl, &err);
	if (write && status == STATUS_OK)
		setup_check(&setup, ctl);
	else if (status == STATUS_OK)
		puts("Nothing was written.");
	setup_clear(&setup);
	return status == STATUS_OK ? EXIT_DONE : ctl_fail(ctl, &err);
}
