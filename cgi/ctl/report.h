/*
 * The report of prebindctl check: one line for each thing checked.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <sys/types.h>

#include "ctl/ctl.h"
#include "site/site.h"
#include "store/user.h"
#include "template/cache.h"

/* The processes of this machine that listen on the web server's port, one for each account. */
#define WEB_SERVER_ACCOUNTS 8
struct web_server {
	size_t count; /* 0 if none was found, or if only root can see them */
	struct web_server_account {
		uid_t uid;
		pid_t pid;
		char name[32]; /* the program's name */
	} accounts[WEB_SERVER_ACCOUNTS];
};

struct report {
	struct ctl *ctl;
	const struct site_conf *site; /* NULL if the lines belong to [server] */
	struct json_writer *w;
	struct template_cache *cache; /* borrowed, like ctl and w */
	struct web_server web_server; /* with --web */
	char *cookie;                 /* with --cookie; owned; wiped when it is freed */
	int failed;
};

/* Adds a line. It is a failure unless status is STATUS_OK. */
void report_tell(struct report *report, const char *what, enum status status, const char *said);

/* Adds a note, which is not a failure. */
void report_note(const struct report *report, const char *what, const char *said);

/*
 * check_server.c: checks [server] and its socket. Call it before the tool changes to the program's
 * user, because it also tests the accounts of peer_users.
 */
void check_server(struct report *report);

/*
 * check_server.c: connects to the socket of `listen`. Returns 0 if a server answers, else an errno.
 */
int check_server_answers(const struct server_conf *conf);

/*
 * check_server.c: checks that the program's user can read the configuration. The tool has changed
 * to this user.
 */
void check_files(struct report *report);

/* check_server.c: checks that the program's user can write the log. */
void check_log(struct report *report);

/* check_server.c: checks that the program's user can read the token of status_token_file. */
void check_status_token(struct report *report);

/* check.c: checks the site of --site, or all sites. */
void check_sites(struct report *report);

/*
 * check_grants.c: notes which rights the account of the site's database has in addition to reading,
 * and how to make an account with only the rights that are needed. provider_failed is true if a
 * provider could not use the database, perhaps because the account lacks rights.
 */
void check_grants(struct report *report, bool provider_failed);

/*
 * check_accounts.c: checks the files, the log and the sites. Each site is checked with the account
 * that the program has for this site.
 */
void check_sites_by_account(struct report *report);

/*
 * check_visitor.c: reads the cookie of --cookie. Returns STATUS_BAD_REQUEST if there is none, or if
 * there are several sites and none is chosen. The caller frees *out with secret_free.
 */
enum status check_visitor_cookie(struct ctl *ctl, char **out, struct error *err);

/* check_visitor.c, with --cookie: reports who a visitor with that cookie is. */
void check_visitor(struct report *report, const struct site *site);

/* The user for whom a session is made as a test. */
struct check_user {
	char first[USER_NAME_MAX + 1];
	const char *name; /* from --user, or points to first; NULL if there is no user */
};

/*
 * check_bind.c: makes a session as the page does, for the user of --user, or for the first user of
 * provider login. If there is no user to try it with, returns STATUS_NOT_FOUND and sets user->name
 * to NULL. The caller clears *session.
 */
enum status check_bind_session(const struct report *report, struct site *site,
			       struct check_user *user, struct chat_session *session,
			       struct error *err);

/*
 * check_bind.c, with --deep: makes and reports such a session. If that fails, *session is zeroed.
 * The session ends by itself unless the caller continues it. The caller clears *session.
 */
void check_bind(struct report *report, struct site *site, struct chat_session *session);

/*
 * check_guests.c, with --deep: gets a guest's session and tries whether the XMPP server keeps
 * guests away from users, rooms and contacts. user is a session to write to. If there is none, its
 * sid is "".
 */
void check_guests(struct report *report, struct site *site, const struct chat_session *user);

/* check_bind.c, with --deep: compares the XMPP server's clock with ours, if it sends its time. */
void check_upstream_clock(struct report *report);

/*
 * check_bind.c: reports how another machine's clock differs from ours. That clock must have been
 * read just before.
 */
struct clock_seen {
	const char *what;    /* the word with which the report's line begins */
	const char *whose;   /* such as "the web server's" */
	int64_t seconds;     /* the time of that clock, in Unix seconds */
	const char *matters; /* what a difference breaks; NULL if a difference is only a note */
};
void check_clock(struct report *report, const struct clock_seen *seen);

/*
 * check_web.c, with --web: checks the site through its web server, if the address belongs to the
 * site. With --deep and without --web, the address is the one that `hosts` names.
 */
void check_web(struct report *report, struct site *site);

/* check_web.c: reports that no site has the host of --web. */
void check_web_site(struct report *report);

/* check_web.c: reads the port of --web. Returns STATUS_BAD_REQUEST if --web is not an address. */
enum status web_address_check(const struct ctl *ctl, long *port, struct error *err);

/*
 * web_server.c: finds the accounts in /proc. Only root can see there what other accounts' processes
 * have open. If an account other than root listens, root is left out, because it only opened the
 * port.
 */
void web_server_find(long port, struct web_server *out);
/*
 * check_wordpress.c: compares each site's secret file with the wp-config.php from which it was
 * made. Reports only differences. Call it before the tool changes to the program's user, because
 * this user perhaps cannot read wp-config.php.
 */
void check_wordpress(struct report *report);

#endif
