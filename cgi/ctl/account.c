/*
 * Switches prebindctl to the account that prebind runs as. The server switches accounts itself, in
 * serve/privileges.c.
 */
#include "ctl/account.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

enum status account_of_site(const struct conf *conf, const struct site_conf *site, uid_t *out,
			    struct error *err)
{
	const struct server_conf *server = &conf->server;
	const struct passwd *who;
	struct stat database;

	*out = geteuid();
	if (*out != 0)
		return STATUS_OK;
	if (server->user[0] == '\0') {
		if (stat(site->database, &database) == 0)
			*out = database.st_uid;
		return STATUS_OK;
	}
	who = getpwnam(server->user);
	if (who == NULL)
		return conf_fault(err, STATUS_BAD_REQUEST, conf_server_place(server, "user"),
				  "this machine has no account '%s'; set the key user to an "
				  "account that exists",
				  server->user);
	*out = who->pw_uid;
	return STATUS_OK;
}

bool account_take_rights(const struct passwd *who)
{
	return initgroups(who->pw_name, who->pw_gid) == 0 && setgid(who->pw_gid) == 0 &&
	       setuid(who->pw_uid) == 0;
}

static enum status find(uid_t uid, const struct passwd **out, struct error *err)
{
	*out = getpwuid(uid);
	if (*out != NULL)
		return STATUS_OK;
	return error_set(err, STATUS_INTERNAL,
			 "the database belongs to user %ld, but this machine has no account with "
			 "this number; set the key user in [server]",
			 (long)uid);
}

/*
 * Reports that root cannot change to the account. In some containers root lacks CAP_SETUID. Call
 * this directly after the failed system call, because the message contains errno.
 */
static enum status cannot_become(const struct passwd *who, struct error *err)
{
	return error_set(err, STATUS_INTERNAL,
			 "cannot switch to user %s: %m; run prebindctl as this user", who->pw_name);
}

static bool is_ours(uid_t uid)
{
	return uid == 0 || getuid() != 0 || uid == getuid();
}

enum status account_borrow(uid_t uid, struct error *err)
{
	const struct passwd *who;
	enum status status = is_ours(uid) ? STATUS_OK : find(uid, &who, err);

	if (status != STATUS_OK || is_ours(uid))
		return status;
	if (initgroups(who->pw_name, who->pw_gid) == 0 && setegid(who->pw_gid) == 0 &&
	    seteuid(who->pw_uid) == 0)
		return STATUS_OK;
	cannot_become(who, err);
	account_return(uid);
	return STATUS_INTERNAL;
}

/*
 * Makes the process root again. Does not report a failure, because later steps then fail for lack
 * of rights.
 */
void account_return(uid_t uid)
{
	if (is_ours(uid))
		return;
	if (seteuid(0) == 0 && setegid(0) == 0)
		initgroups("root", 0);
}

enum status account_become(uid_t uid, struct error *err)
{
	const struct passwd *who;

	if (uid == 0 || uid == geteuid())
		return STATUS_OK;
	enum status status = find(uid, &who, err);
	if (status != STATUS_OK)
		return status;
	if (account_take_rights(who))
		return STATUS_OK;
	return cannot_become(who, err);
}
