/*
 * A server started as root changes to its account for good, before it reads any client's data.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/server_parts.h"

#define NAME_SPACE 4096 /* one entry of the user database */

enum status account_find(const struct server_conf *conf, struct account *out, struct error *err)
{
	struct account account = {.uid = geteuid(), .gid = getegid(), .name = conf->user};
	struct passwd user, *found = NULL;
	char space[NAME_SPACE];
	struct conf_place place = conf_server_place(conf, "user");

	if (geteuid() != 0) {
		*out = account;
		return STATUS_OK;
	}
	if (!*conf->user)
		return conf_fault(err, STATUS_FORBIDDEN, place,
				  "is empty, so it cannot be started as root: set user in [server] "
				  "to an account of its own");
	if (getpwnam_r(conf->user, &user, space, sizeof(space), &found) != 0 || !found)
		return conf_fault(err, STATUS_INTERNAL, place,
				  "there is no user '%s'; make it: adduser --system --group %s",
				  conf->user, conf->user);
	if (user.pw_uid == 0 || user.pw_gid == 0)
		return conf_fault(err, STATUS_FORBIDDEN, place,
				  "'%s' is root: name an account of its own", conf->user);
	account.take = true;
	account.uid = user.pw_uid;
	account.gid = user.pw_gid;
	*out = account;
	return STATUS_OK;
}

enum status account_take(const struct account *account, struct error *err)
{
	if (!account->take)
		return STATUS_OK;
	struct error why = {0};
	if (log_give(account->uid, account->gid, &why) != STATUS_OK)
		log_event(LOG_LEVEL_WARN, "log_stays_roots", "why", why.text, NULL);
	if (initgroups(account->name, account->gid) != 0 || setgid(account->gid) != 0 ||
	    setuid(account->uid) != 0)
		return error_set(err, STATUS_INTERNAL, "cannot become user '%s': %m",
				 account->name);
	/* it must be impossible to become root again */
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || getuid() != account->uid ||
	    geteuid() != account->uid || getgid() != account->gid || getegid() != account->gid)
		return error_set(err, STATUS_INTERNAL,
				 "became user '%s', but could become root again", account->name);
	return STATUS_OK;
}
