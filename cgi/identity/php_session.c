/*
 * Provider `php_session`: reads the files of PHP's own session handler. The cookie has the session
 * ID, which names the file. The file is refused if an account other than PHP's can have written it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "base/blocking.h"
#include "identity/identity.h"
#include "identity/php_serialize.h"

#define PREFIX   "sess_"
#define SID_MIN  22 /* SID_MIN and SID_MAX are the limits of PHP's session.sid_length */
#define SID_MAX  256
#define FILE_MAX 1048576 /* in bytes; a typical session has a few thousand */
/* a short wait, because PHP holds the lock while the visitor's script runs */
#define LOCK_WAIT_MS 100
#define LOCK_NAP_MS  5
#define PASSWD_MAX   4096 /* bytes for one row of the system's user database */
#define LIST_MAX     2000 /* maximum number of files that php_session_check looks at */

static const char sid_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789,-";

/* Constant after opening. */
struct sessions {
	const struct site_conf *conf;
	const char *folder; /* the path of PHP's session folder; borrowed from conf */
	size_t levels; /* levels of subfolders; the first characters of the session ID name them */
	uid_t owner;
};

/* ---- opening ---- */

static enum status owner_find(const struct site_conf *conf, uid_t *out, struct error *err)
{
	char buffer[PASSWD_MAX];
	struct passwd row, *found = NULL;

	if (conf->php_session_owner[0] == '\0') {
		*out = geteuid();
		return STATUS_OK;
	}
	if (getpwnam_r(conf->php_session_owner, &row, buffer, sizeof(buffer), &found) != 0 ||
	    found == NULL)
		return conf_fault(
		    err, STATUS_BAD_REQUEST, conf_site_place(conf, "php_session_owner"),
		    "the user '%s' does not exist on this machine; set php_session_owner to the "
		    "user that runs PHP, or remove php_session_owner",
		    conf->php_session_owner);
	*out = row.pw_uid;
	return STATUS_OK;
}

/*
 * Refuses a folder in which another account can rename files, because that account could log in as
 * any user. The sticky bit (as on /tmp) protects files from other accounts, but not from the
 * folder's owner.
 */
static enum status folder_check(const struct site_conf *conf, const char *folder, uid_t php,
				struct error *err)
{
	struct conf_place place = conf_site_place(conf, "php_session_path");
	struct stat st;

	if (stat(folder, &st) != 0)
		return conf_fault(err, STATUS_UNAVAILABLE, place,
				  "%s: %m; to find PHP's session folder, run `php -i | grep "
				  "save_path` with the web server's PHP",
				  folder);
	if (!S_ISDIR(st.st_mode))
		return conf_fault(err, STATUS_BAD_REQUEST, place, "%s: is not a folder", folder);
	if (st.st_uid != 0 && st.st_uid != php && st.st_uid != geteuid())
		return conf_fault(
		    err, STATUS_BAD_REQUEST, place,
		    "%s: belongs to user %u, who can replace PHP's session files; run: chown root "
		    "'%s'. If this user runs PHP, set php_session_owner to this user instead",
		    folder, (unsigned)st.st_uid, folder);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0)
		return conf_fault(err, STATUS_BAD_REQUEST, place,
				  "%s: other users can rename files in this folder (mode %04o); "
				  "run: chmod +t '%s'",
				  folder, (unsigned)(st.st_mode & 07777), folder);
	if (faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) != 0)
		return conf_fault(err, STATUS_UNAVAILABLE, place,
				  "user %u cannot enter the folder %s; run prebind as the user "
				  "that runs PHP, or add prebind's user to the folder's group",
				  (unsigned)geteuid(), folder);
	return STATUS_OK;
}

static enum status sessions_init(const struct site_conf *conf, struct sessions *out,
				 struct error *err)
{
	const char *path = conf->php_session_path;

	*out = (struct sessions){.conf = conf, .folder = path + strcspn(path, "/")};
	/* the path can begin with "N;"; the check of the configuration allows only one digit */
	if (path[0] >= '0' && path[0] <= '9')
		out->levels = (size_t)(path[0] - '0');
	enum status status = owner_find(conf, &out->owner, err);
	return status == STATUS_OK ? folder_check(conf, out->folder, out->owner, err) : status;
}

static enum status php_session_open(const struct site_conf *conf, void **out, struct error *err)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	if (sessions == NULL)
		return error_no_memory(err);
	enum status status = sessions_init(conf, sessions, err);
	if (status == STATUS_OK)
		*out = sessions;
	else
		free(sessions);
	return status;
}

/* ---- a session's file ---- */

/*
 * How many characters of the session ID a message shows. A reader of the log must not be able to
 * use the session.
 */
#define SHOWN_SID 6

static enum status no_file(const char *sid, int cause, struct error *err)
{
	switch (cause) {
	case ENOENT:
		return error_set(err, STATUS_NOT_FOUND,
				 "no session file exists for this session id");
	case ELOOP:
	case ENOTDIR:
		return error_set(err, STATUS_BAD_REQUEST,
				 "the file of the session %.*s… is a symbolic link, or its path "
				 "contains a symbolic link",
				 SHOWN_SID, sid);
	case ENXIO:
		return error_set(err, STATUS_BAD_REQUEST, "the session %.*s… is not a regular file",
				 SHOWN_SID, sid);
	default:
		return error_set(
		    err, STATUS_UNAVAILABLE,
		    "the session %.*s… cannot be opened: %s; run prebind as the user that runs PHP",
		    SHOWN_SID, sid, strerrordesc_np(cause));
	}
}

/*
 * Opens the subfolders one by one, then the file. Below sessions->folder, never follows a symbolic
 * link.
 */
static enum status file_open(const struct sessions *sessions, const char *sid, int *out,
			     struct error *err)
{
	char name[sizeof(PREFIX) + SID_MAX];
	int folder = open(sessions->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < sessions->levels && folder >= 0; i++) {
		char level[] = {sid[i], '\0'};
		int below = openat(folder, level, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int cause = errno;
		close(folder);
		folder = below;
		errno = cause;
	}
	if (folder < 0)
		return no_file(sid, errno, err);
	snprintf(name, sizeof(name), PREFIX "%s", sid);
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int cause = errno;
	close(folder);
	if (fd < 0)
		return no_file(sid, cause, err);
	*out = fd;
	return STATUS_OK;
}

static enum status file_check(const struct sessions *sessions, const struct stat *st,
			      struct error *err)
{
	if (!S_ISREG(st->st_mode) || st->st_nlink != 1)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "the session's file is not a regular file with exactly one hard link");
	if (st->st_uid != sessions->owner)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the session's file belongs to user %u, but PHP's files belong to "
				 "user %u; check php_session_owner",
				 (unsigned)st->st_uid, (unsigned)sessions->owner);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(err, STATUS_BAD_REQUEST,
				 "other users can write to the session's file (mode %04o)",
				 (unsigned)(st->st_mode & 07777));
	if (st->st_size > FILE_MAX)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the session's file is longer than %d bytes", FILE_MAX);
	return STATUS_OK;
}

/*
 * Takes a shared lock, because PHP empties and rewrites the file under an exclusive lock, and a
 * half-written session must not be read. But PHP holds its lock while the visitor's script runs.
 * The script can run for a long time, and can even wait for our response. So after LOCK_WAIT_MS the
 * file is read without a lock. The file then has the contents from the time when the script began.
 */
static enum status lock_for_a_moment(int fd, struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + LOCK_WAIT_MS;

	while (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK &&
	       clock_left_ms(deadline) > 0) {
		if (!blocking_sleep(LOCK_NAP_MS))
			return blocking_refused(err);
	}
	return STATUS_OK;
}

static enum status session_file_read(int fd, const struct stat *st, struct strbuf *out,
				     struct error *err)
{
	char chunk[8192];
	struct stat after;
	ssize_t got = 0;

	while (out->len <= FILE_MAX && (got = read(fd, chunk, sizeof(chunk))) > 0)
		strbuf_add(out, chunk, (size_t)got);
	secret_wipe(chunk, sizeof(chunk));
	if (got < 0 || fstat(fd, &after) != 0)
		return error_set(err, STATUS_UNAVAILABLE, "the session cannot be read: %m");
	if (!strbuf_ok(out))
		return error_no_memory(err);
	if (out->len != (size_t)st->st_size || after.st_mtim.tv_sec != st->st_mtim.tv_sec ||
	    after.st_mtim.tv_nsec != st->st_mtim.tv_nsec)
		return error_set(err, STATUS_UNAVAILABLE,
				 "PHP is writing the session at this moment");
	return STATUS_OK;
}

static enum status session_read(const struct sessions *sessions, const char *sid, int64_t now,
				struct strbuf *out, struct error *err)
{
	struct stat st;
	int fd = -1;
	enum status status = file_open(sessions, sid, &fd, err);

	if (status != STATUS_OK)
		return status;
	status = lock_for_a_moment(fd, err);
	if (status == STATUS_OK && fstat(fd, &st) != 0)
		status =
		    error_set(err, STATUS_UNAVAILABLE, "the session's file cannot be checked: %m");
	if (status == STATUS_OK)
		status = file_check(sessions, &st, err);
	if (status == STATUS_OK &&
	    st.st_mtim.tv_sec + sessions->conf->php_session_max_age_ms / 1000 < now)
		status = error_set(err, STATUS_NOT_FOUND, "the session has expired");
	if (status == STATUS_OK)
		status = session_file_read(fd, &st, out, err);
	close(fd);
	return status;
}

/* ---- the user in the session ---- */

static enum status user_read(const struct sessions *sessions, const char *sid, int64_t now,
			     struct identity *out, struct error *err)
{
	const struct site_conf *conf = sessions->conf;
	struct strbuf text;

	strbuf_init_secret(&text);
	enum status status = session_read(sessions, sid, now, &text, err);
	const struct php_session session = {
	    .format = (enum conf_php_format)conf->php_session_format,
	    .data = text.data,
	    .len = text.len,
	};
	if (status == STATUS_OK)
		status = php_session_get(&session, conf->php_session_user, &out->user, err);
	if (status == STATUS_OK && conf->php_session_display[0] != '\0')
		php_session_get(&session, conf->php_session_display, &out->display_name, NULL);
	strbuf_clear(&text);
	return status;
}

/*
 * Reads the session ID from the cookie. PHP percent-encodes the ID, which changes only its commas.
 */
static enum status sid_read(const char *cookie, struct strbuf *out, struct error *err)
{
	enum status status = codec_percent_decode(out, cookie, strlen(cookie), false);

	if (status == STATUS_INTERNAL)
		return error_no_memory(err);
	if (status == STATUS_OK && out->len >= SID_MIN && out->len <= SID_MAX &&
	    strspn(out->data, sid_characters) == out->len)
		return STATUS_OK;
	return error_set(err, STATUS_BAD_REQUEST,
			 "the cookie's value is not a PHP session id; the cookie is forged or "
			 "belongs to another program");
}

static enum identity_verdict verdict_of(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return IDENTITY_YES;
	case STATUS_NOT_FOUND:
		return IDENTITY_NONE;
	case STATUS_BAD_REQUEST:
		return IDENTITY_BAD;
	default:
		return IDENTITY_ERROR;
	}
}

static enum identity_verdict php_session_find(const struct identity_context *context,
					      struct identity *out, struct error *err)
{
	const char *name = context->conf->php_session_cookie;
	struct error why = {0};
	struct strbuf sid;
	char *cookie = NULL;

	enum status status = request_cookie(context->req, name, &cookie, &why);
	strbuf_init_secret(&sid);
	if (status == STATUS_OK)
		status = sid_read(cookie, &sid, &why);
	if (status == STATUS_OK)
		status = user_read(context->state, sid.data, context->now, out, &why);
	strbuf_clear(&sid);
	secret_free(cookie);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		error_set(err, status, "php_session: %s: %s", name, why.text);
	if (status == STATUS_BAD_REQUEST)
		identity_blame_cookie(out, name);
	return verdict_of(status);
}

/* ---- prebindctl check ---- */

struct count {
	long sessions;
	long users;
	long refused;
	struct error why; /* the reason for the first refused session */
};

static void count_one(const struct sessions *sessions, const char *sid, struct count *count)
{
	struct identity found = {0};
	struct error why = {0};
	enum status status = user_read(sessions, sid, clock_wall(), &found, &why);

	count->sessions++;
	if (status == STATUS_OK)
		count->users++;
	else if (status != STATUS_NOT_FOUND && count->refused++ == 0)
		count->why = why;
	identity_clear(&found);
}

static void count_all(const struct sessions *sessions, DIR *dir, struct count *count)
{
	struct dirent *entry;

	for (int i = 0; i < LIST_MAX && (entry = readdir(dir)) != NULL; i++)
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0)
			count_one(sessions, entry->d_name + strlen(PREFIX), count);
}

static void tell_count(const struct sessions *sessions, const struct count *count,
		       struct error *said)
{
	error_set(
	    said, STATUS_OK,
	    "%s: checked %ld session%s; %ld have a user at the path %s, and %ld are refused%s%s",
	    sessions->folder, count->sessions, count->sessions == 1 ? "" : "s", count->users,
	    sessions->conf->php_session_user, count->refused,
	    count->refused > 0 ? ", the first because " : "",
	    count->refused > 0 ? count->why.text : "");
}

static enum status php_session_check(const struct site_conf *conf, struct store *store,
				     struct error *said)
{
	struct sessions sessions;
	struct count count = {0};

	(void)store;
	enum status status = sessions_init(conf, &sessions, said);
	if (status != STATUS_OK)
		return status;
	DIR *dir = sessions.levels == 0 ? opendir(sessions.folder) : NULL;
	if (dir == NULL) {
		error_set(
		    said, STATUS_OK,
		    "the sessions in %s (%zu levels of folders) cannot be listed. prebind accepts "
		    "a session if its file belongs to user %u and the cookie %s contains its id",
		    sessions.folder, sessions.levels, (unsigned)sessions.owner,
		    conf->php_session_cookie);
		return STATUS_OK;
	}
	count_all(&sessions, dir, &count);
	closedir(dir);
	tell_count(&sessions, &count, said);
	return count.refused > 0 && count.users == 0 ? STATUS_BAD_REQUEST : STATUS_OK;
}

/*
 * Returns false if no session has a user. This need not be a fault, because perhaps nobody is
 * logged in at the moment.
 */
static bool php_session_is_plausible(const struct site_conf *conf, struct error *said)
{
	struct sessions sessions;
	struct count count = {0};
	DIR *dir = NULL;

	if (sessions_init(conf, &sessions, said) == STATUS_OK && sessions.levels == 0)
		dir = opendir(sessions.folder);
	if (dir == NULL)
		return true;
	count_all(&sessions, dir, &count);
	closedir(dir);
	if (count.users > 0)
		return true;
	conf_fault(
	    said, STATUS_NOT_FOUND,
	    conf_site_place(conf, count.sessions == 0 ? "php_session_path" : "php_session_user"),
	    count.sessions == 0 ? "no session was found in %s; log in to the site and check again. "
				  "If there is still no session, set php_session_path to the "
				  "folder where PHP stores its sessions"
				: "no session in %s has a user at the path '%s'; log in to the "
				  "site and check again. If there is still no user, set "
				  "php_session_user to the path where the site stores the user",
	    sessions.folder, conf->php_session_user);
	return false;
}

const struct identity_provider php_session_provider = {
    .name = PROVIDER_PHP_SESSION,
    .open = php_session_open,
    .close = free,
    .find = php_session_find,
    .check = php_session_check,
    .is_plausible = php_session_is_plausible,
};
