/*
 * prebindctl check for [server]: checks the accounts, the socket, and whether the web server can
 * connect to the socket. The checks change nothing. They connect to the socket but send no request.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "ctl/account.h"
#include "ctl/report.h"
#include "serve/server.h"

#define GROUPS_MAX 256

/* Connects to the socket. Returns 0 if a server answers, otherwise the errno. */
static int try_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result = 0;

	if (fd < 0)
		return errno;
	memcpy(address.sun_path, path, strlen(path)); /* listen_path_check checked the length */
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		result = errno;
	close(fd);
	return result;
}

/*
 * Connects as the account `who`, in a child process. Only root can call this. If root cannot change
 * to the account, returns 0, because that is not an error of the socket.
 */
static int try_connect_as(const struct passwd *who, const char *path)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (child == 0) {
		if (!account_take_rights(who))
			_exit(0);
		_exit(try_connect(path));
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

int check_server_answers(const struct server_conf *conf)
{
	return try_connect(conf->listen);
}

/* ---- what file modes allow ---- */

static bool is_in_group(const struct passwd *who, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;

	if (getgrouplist(who->pw_name, who->pw_gid, groups, &count) < 0)
		count = GROUPS_MAX;
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/*
 * True if the file's mode gives the account the rights in bits: 1 to search a folder, 2 to write, 4
 * to read.
 */
static bool may(const struct passwd *who, const struct stat *st, mode_t bits)
{
	if (who->pw_uid == 0)
		return true;
	if (who->pw_uid == st->st_uid)
		return (st->st_mode >> 6 & bits) == bits;
	if (is_in_group(who, st->st_gid))
		return (st->st_mode >> 3 & bits) == bits;
	return (st->st_mode & bits) == bits;
}

static const char *group_name(gid_t gid, char space[24])
{
	const struct group *group = getgrgid(gid);

	snprintf(space, 24, "%u", (unsigned)gid);
	return group != NULL ? group->gr_name : space;
}

/*
 * Finds the first folder of the path that the account is not allowed to search. Sets the text of
 * *out to the folder's mode and a command that gives the account access. Sets the text to "" if the
 * account can search all folders.
 */
static void folder_closed(const struct passwd *who, const char *path, struct error *out)
{
	char *folder = strdup(path);
	struct stat st;
	char space[24];

	out->text[0] = '\0';
	for (char *slash = folder; slash != NULL && out->text[0] == '\0';) {
		slash = strchr(slash + 1, '/');
		if (slash == NULL)
			break;
		*slash = '\0';
		if (stat(folder, &st) == 0 && !may(who, &st, 1))
			error_set(out, STATUS_FORBIDDEN,
				  "may not enter the folder '%s' (mode %04o, group %s); run: chgrp "
				  "%s '%s' && chmod g+x '%s'",
				  folder, (unsigned)(st.st_mode & 07777),
				  group_name(st.st_gid, space), who->pw_name, folder, folder);
		*slash = '/';
	}
	free(folder);
}

/* ---- the socket ---- */

/*
 * Explains why the account cannot connect, and what to do. `failed` is the errno of the account's
 * connection attempt, or 0 if there was none.
 */
static enum status way_check(const struct report *report, const struct passwd *who, int failed,
			     struct error *said)
{
	const struct server_conf *conf = &report->ctl->conf->server;
	struct conf_place place = conf_server_place(conf, "listen");
	struct error closed;
	struct stat st;
	char space[24];

	folder_closed(who, conf->listen, &closed);
	if (closed.text[0] != '\0')
		return conf_fault(said, STATUS_FORBIDDEN, place, "%s (peer_users) %s", who->pw_name,
				  closed.text);
	if (stat(conf->listen, &st) == 0 && !may(who, &st, 2))
		return conf_fault(said, STATUS_FORBIDDEN, conf_server_place(conf, "socket_group"),
				  "%s (peer_users) may not connect to '%s' (mode %04o, group %s); "
				  "set socket_group to a group of this account, and restart "
				  "prebind",
				  who->pw_name, conf->listen, (unsigned)(st.st_mode & 07777),
				  group_name(st.st_gid, space));
	if (failed != 0)
		return conf_fault(said, STATUS_FORBIDDEN, place,
				  "%s (peer_users) cannot connect to '%s': %s; the file modes "
				  "allow the connection, so check access lists, SELinux and "
				  "AppArmor",
				  who->pw_name, conf->listen, strerrordesc_np(failed));
	return error_set(said, STATUS_OK, "%s may connect to '%s'", who->pw_name, conf->listen);
}

static void check_peers(struct report *report)
{
	const struct server_conf *conf = &report->ctl->conf->server;

	for (size_t i = 0; i < conf->peer_users.count; i++) {
		const struct passwd *who = getpwnam(conf->peer_users.items[i]);
		struct error said = {0};
		int failed = who != NULL && geteuid() == 0 ? try_connect_as(who, conf->listen) : 0;

		if (who == NULL)
			continue;
		if (failed == ENOENT || failed == ECONNREFUSED)
			failed = 0; /* check_answer has already reported that no server listens */
		enum status status = way_check(report, who, failed, &said);
		report_tell(report, "socket", status, said.text);
	}
}

/* Returns true if a server answers. */
static bool check_answer(struct report *report)
{
	const struct server_conf *conf = &report->ctl->conf->server;
	struct conf_place place = conf_server_place(conf, "listen");
	struct error said = {0};
	int failed = try_connect(conf->listen);

	if (failed == 0 || failed == EAGAIN) {
		error_set(&said, STATUS_OK, "a server answers on '%s'", conf->listen);
		report_tell(report, "listen", STATUS_OK, said.text);
		return true;
	}
	if (failed == ENOENT) {
		conf_fault(&said, STATUS_OK, place,
			   "there is no '%s', because prebind.fcgi is not running or uses another "
			   "value of listen; restart prebind (systemctl restart prebind)",
			   conf->listen);
		report_note(report, "listen", said.text);
		return false;
	}
	/*
	 * Not a fault, because only peer_users need access to the socket. If root runs the tool,
	 * check_peers tests the accounts of peer_users.
	 */
	if (failed == EACCES && geteuid() != 0)
		return false;
	conf_fault(&said, STATUS_UNAVAILABLE, place,
		   failed == ECONNREFUSED ? "no server answers on '%s' (%s), because the server "
					    "that created this socket has ended; start "
					    "prebind.fcgi again"
					  : "'%s' cannot be reached: %s",
		   conf->listen, strerrordesc_np(failed));
	report_tell(report, "listen", STATUS_UNAVAILABLE, said.text);
	return false;
}

/*
 * Checks the key `user`. The key can be empty if systemd or another supervisor starts the program
 * as the right account.
 */
static void check_user(struct report *report, bool answers)
{
	const struct server_conf *conf = &report->ctl->conf->server;
	struct conf_place place = conf_server_place(conf, "user");
	const struct passwd *who = conf->user[0] != '\0' ? getpwnam(conf->user) : NULL;
	struct error said = {0};

	if (conf->user[0] == '\0' && geteuid() != 0)
		return;
	if (conf->user[0] == '\0')
		conf_fault(&said, STATUS_FORBIDDEN, place,
			   "is empty, so the program cannot be started as root; set user in "
			   "[server] to an account that only prebind uses");
	else if (who == NULL)
		conf_fault(&said, STATUS_BAD_REQUEST, place,
			   "there is no user '%s'; run: adduser --system --group %s", conf->user,
			   conf->user);
	else if (who->pw_uid == 0)
		conf_fault(&said, STATUS_FORBIDDEN, place,
			   "'%s' is root; use an account that only prebind uses", conf->user);
	if (said.text[0] == '\0')
		return;
	if (conf->user[0] == '\0' && answers)
		report_note(report, "user", said.text);
	else
		report_tell(report, "user", said.status, said.text);
}

void check_server(struct report *report)
{
	const struct server_conf *conf = &report->ctl->conf->server;
	struct error said = {0};
	bool answers = false;
	gid_t group;

	if (conf->listen[0] == '\0')
		return;
	enum status status = peer_users_check(conf, &said);
	if (status != STATUS_OK)
		report_tell(report, "peer_users", status, said.text);
	status = socket_group_find(conf, &group, &said);
	if (status != STATUS_OK)
		report_tell(report, "socket_group", status, said.text);
	status = listen_path_check(conf, &said);
	if (status != STATUS_OK)
		report_tell(report, "listen", status, said.text);
	else
		answers = check_answer(report);
	check_user(report, answers);
	if (status == STATUS_OK)
		check_peers(report);
}

/* ---- the configuration ---- */

void check_files(struct report *report)
{
	const struct conf *conf = report->ctl->conf;

	for (size_t i = 0; i < conf->n_files; i++) {
		const char *file = conf->files[i];
		const struct passwd *who = getpwuid(geteuid());
		struct error said = {0}, closed = {0};
		struct stat st = {0};

		if (access(file, R_OK) == 0 || who == NULL)
			continue;
		folder_closed(who, file, &closed);
		if (closed.text[0] != '\0')
			error_set(&said, STATUS_FORBIDDEN, "%s: user %s %s", file, who->pw_name,
				  closed.text);
		else if (stat(file, &st) == 0)
			error_set(&said, STATUS_FORBIDDEN,
				  "%s: user %s may not read this file (mode %04o), so every start "
				  "as this user and every reload fail; run: chgrp %s '%s' && chmod "
				  "g+r '%s'",
				  file, who->pw_name, (unsigned)(st.st_mode & 07777), who->pw_name,
				  file, file);
		report_tell(report, "configuration", STATUS_FORBIDDEN, said.text);
	}
}

/* ---- the log ---- */

/*
 * If the log file is missing and `user` is set, reports a note and not a failure. A server that
 * starts as root creates the file for the account. In this case the account's rights matter only
 * when the server reopens the file.
 */
void check_log(struct report *report)
{
	const struct server_conf *conf = &report->ctl->conf->server;
	const struct passwd *who = getpwuid(geteuid());
	struct error said = {0};
	enum status status = log_check(conf->log, &said);

	if (status == STATUS_OK)
		return;
	struct error fault = {0};
	conf_fault(&fault, status, conf_server_place(conf, "log"), "user %s: %s",
		   who != NULL ? who->pw_name : "?", said.text);
	if (status == STATUS_NOT_FOUND && conf->user[0] != '\0')
		report_note(report, "log", fault.text);
	else
		report_tell(report, "log", status, fault.text);
}

/* ---- the token for /metrics ---- */

/*
 * Reads the token file as the program's account, because page/operator.c reads the file as this
 * account at each request.
 */
void check_status_token(struct report *report)
{
	const struct server_conf *conf = &report->ctl->conf->server;
	const char *file = conf->status_token_file;
	struct error said = {0};
	struct strbuf token;

	if (file[0] == '\0')
		return;
	strbuf_init_secret(&token);
	enum status status = secret_file_read(file, &token, &said);
	conf_blame(status, &said, conf_server_place(conf, "status_token_file"));
	if (status == STATUS_OK)
		error_set(&said, STATUS_OK,
			  "other machines can read /metrics and /status with the "
			  "token in %s",
			  file);
	report_tell(report, "status_token_file", status, said.text);
	strbuf_clear(&token);
}
