/*
 * The account that a server started as root becomes, for good; and that it is refused to stay root
 * (SEC-SEC-8). Only root can become another: who runs this as somebody else sees the one test that
 * is not about root.
 */
#include "unit.h"

#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/log.h"
#include "serve/server_parts.h"

#define SOMEBODY "www-data" /* part of every Debian */

static void assert_refused(const char *user, enum status status, const char *words)
{
	struct server_conf conf = {.user = (char *)user};
	struct account account = {.name = "untouched"};
	struct error err = {0};

	assert_int_equal(account_find(&conf, &account, &err), status);
	if (strstr(err.text, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, err.text);
	assert_string_equal(account.name, "untouched");
}

TEST(root_must_become_somebody)
{
	if (geteuid() != 0)
		skip();
	assert_refused("", STATUS_FORBIDDEN,
		       "set user in [server] to an account that only prebind uses");
	assert_refused("no-such-user", STATUS_INTERNAL, "there is no user 'no-such-user'");
	assert_refused("root", STATUS_FORBIDDEN, "'root' is root");
}

/* In a process of its own: there is no way back. 0: all is as it must be. */
static int become(const struct account *account, const struct passwd *user)
{
	struct error err = {0};
	gid_t groups[64];
	int count;

	if (account_take(account, &err) != STATUS_OK)
		return 1;
	if (geteuid() != user->pw_uid || getegid() != user->pw_gid)
		return 2;
	if (setuid(0) == 0 || setgid(0) == 0)
		return 3;
	count = getgroups(64, groups);
	for (int i = 0; i < count; i++) {
		if (groups[i] == 0)
			return 4;
	}
	return count < 0 ? 5 : 0;
}

static void assert_ends_well(pid_t pid)
{
	int ended;

	assert_int_equal(waitpid(pid, &ended, 0), pid);
	assert_true(WIFEXITED(ended));
	assert_int_equal(WEXITSTATUS(ended), 0);
}

TEST(there_is_no_way_back)
{
	struct server_conf conf = {.user = (char *)SOMEBODY};
	const struct passwd *user = getpwnam(SOMEBODY);
	struct account account = {0};
	pid_t pid;

	if (geteuid() != 0)
		skip();
	assert_non_null(user);
	assert_ok(account_find(&conf, &account, ERR));
	assert_true(account.take);
	assert_int_equal(account.uid, user->pw_uid);
	pid = fork();
	if (pid == 0)
		_exit(become(&account, user));
	assert_ends_well(pid);
}

/* A log that root opened, in a folder that only root may write to. 0: who we became reopens it. */
static int become_with_log(const struct account *account, const char *log)
{
	struct stat st;

	if (log_open(log, LOG_LEVEL_INFO, NULL) != STATUS_OK)
		return 1;
	if (account_take(account, NULL) != STATUS_OK)
		return 2;
	if (stat(log, &st) != 0 || st.st_uid != account->uid || st.st_gid != account->gid)
		return 3;
	return log_reopen(NULL) == STATUS_OK ? 0 : 4;
}

/* What else has a name there is not given away. 0: it is still root's. */
static int become_with_link(const struct account *account, const char *log)
{
	struct stat st;

	if (log_open(log, LOG_LEVEL_INFO, NULL) != STATUS_OK)
		return 1;
	if (account_take(account, NULL) != STATUS_OK)
		return 2;
	return stat(log, &st) == 0 && st.st_uid == 0 ? 0 : 3;
}

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(the_log_goes_along)
{
	struct server_conf conf = {.user = (char *)SOMEBODY};
	const char *log = unit_path("log"), *other = unit_path("other");
	struct account account = {0};

	if (geteuid() != 0)
		skip();
	assert_ok(account_find(&conf, &account, ERR));
	assert_int_equal(chmod(unit_folder(), 0755), 0);
	for (int i = 0; i < 2; i++) { /* made by the first start, there at the second */
		pid_t pid = fork();
		if (pid == 0)
			_exit(become_with_log(&account, log));
		assert_ends_well(pid);
	}
	assert_int_equal(chown(log, 0, 0), 0); /* as an older program left it */
	pid_t pid = fork();
	if (pid == 0)
		_exit(become_with_log(&account, log));
	assert_ends_well(pid);

	assert_int_equal(chown(log, 0, 0), 0);
	assert_int_equal(link(log, other), 0);
	pid = fork();
	if (pid == 0)
		_exit(become_with_link(&account, log));
	assert_ends_well(pid);
}

/* 0: nothing is asked, and nobody is become. */
static int stay(uid_t uid)
{
	struct server_conf conf = {.user = (char *)"no-such-user"};
	struct account account = {.take = true};
	struct error err = {0};

	if (geteuid() == 0 && setuid(uid) != 0)
		return 1;
	if (account_find(&conf, &account, &err) != STATUS_OK || account.take ||
	    account.uid != geteuid())
		return 2;
	return account_take(&account, &err) == STATUS_OK ? 0 : 3;
}

TEST(who_is_not_root_stays_who_he_is)
{
	const struct passwd *user = getpwnam(SOMEBODY);
	pid_t pid;

	assert_non_null(user);
	pid = fork();
	if (pid == 0)
		_exit(stay(user->pw_uid));
	assert_ends_well(pid);
}
