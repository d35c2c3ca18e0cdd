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

/* The accounts whose processes listen on the web server's port on this machine. */
#define WEB_SERVER_ACCOUNTS 8
struct web_server {
	size_t count; /* 0 if no process was found, or if only root can find it */
	struct web_server_account {
		uid_t uid;
		pid_t pid;
		char name[32]; /* the name of the listening program */
	} accounts[WEB_SERVER_ACCOUNTS];
};

struct report {
	struct ctl *ctl;
	const struct site_conf *site; /* the site that the lines are about; NULL for [server] */
	struct json_writer *w;
	struct template_cache *cache; /* borrowed, like ctl and w */
	struct web_server web_server; /* set with --web */
	char *cookie;                 /* set with --cookie; owned; wiped before it is freed */
	int failed;
};

/* Adds a line to the report. The line is a failure if status is not STATUS_OK. */
void report_tell(struct report *report, const char *what, enum status status, const char *said);

/* Adds a note to the report. A note is not a failure. */
void report_note(const struct report *report, const char *what, const char *said);

/*
 * check_server.c: checks [server] and its socket. Call it before the tool changes to the program's
 * account, because only root can test the accounts of peer_users.
 */
void check_server(struct report *report);

/*
 * check_server.c: connects to the socket of `listen`. Returns 0 if a server accepts the connection,
 * otherwise an errno.
 */
int check_server_answers(const struct server_conf *conf);

/*
 * check_server.c: checks that the program's account can read the configuration. Call it after the
 * tool has changed to this account.
 */
void check_files(struct report *report);

/* check_server.c: checks that the program's account can write the log. */
void check_log(struct report *report);

/* check_server.c: checks that the program's account can read status_token_file. */
void check_status_token(struct report *report);

/* check.c: checks the site of --site, or all sites. */
void check_sites(struct report *report);

/*
 * check_grants.c: notes which rights the site's database account has in addition to reading, and
 * prints how to create an account with only the necessary rights. provider_failed is true if a
 * provider could not use the database, perhaps because the account lacks rights.
 */
void check_grants(struct report *report, bool provider_failed);

/*
 * check_accounts.c: checks the files, the log and the sites. Each site is checked as the account
 * that runs it.
 */
void check_sites_by_account(struct report *report);

/*
 * check_visitor.c: reads the cookie from --cookie. Returns STATUS_BAD_REQUEST if it is not a
 * cookie, or if there are several sites and no --site. The caller frees *out with secret_free.
 */
enum status check_visitor_cookie(struct ctl *ctl, char **out, struct error *err);

/* check_visitor.c, with --cookie: reports which user a visitor with this cookie is. */
void check_visitor(struct report *report, const struct site *site);

/* The user whose session the check opens. */
struct check_user {
	char first[USER_NAME_MAX + 1];
	const char *name; /* from --user, or points to `first`; NULL if there is no user */
};

/*
 * check_bind.c: opens a session as the page does, for the user of --user or for the first user of
 * provider login. If there is no such user, returns STATUS_NOT_FOUND and sets user->name to NULL.
 * The caller clears *session.
 */
enum status check_bind_session(const struct report *report, struct site *site,
			       struct check_user *user, struct chat_session *session,
			       struct error *err);

/*
 * check_bind.c, with --deep: opens a session with check_bind_session and reports the result. If no
 * session is opened, *session is zeroed. An unused session ends by itself. The caller clears
 * *session.
 */
void check_bind(struct report *report, struct site *site, struct chat_session *session);

/*
 * check_guests.c, with --deep: opens a guest's session and checks that the XMPP server keeps guests
 * away from users, rooms and contacts. `user` is a session to which the guest tries to write; its
 * sid is "" if there is no such session.
 */
void check_guests(struct report *report, struct site *site, const struct chat_session *user);

/*
 * check_bind.c, with --deep: compares the XMPP server's clock with ours, if the server sends its
 * time.
 */
void check_upstream_clock(struct report *report);

/*
 * The input of check_clock (check_bind.c), which reports how much another machine's clock differs
 * from ours. Call check_clock right after the other clock was read.
 */
struct clock_seen {
	const char *what;    /* the first word of the report's line */
	const char *whose;   /* such as "the web server's" */
	int64_t seconds;     /* the time of the other clock, in Unix seconds */
	const char *matters; /* what the difference breaks; NULL if it is only noted */
};
void check_clock(struct report *report, const struct clock_seen *seen);

/*
 * check_web.c, with --web: checks the site through its web server, if the address of --web belongs
 * to the site. With --deep but without --web, the address comes from `hosts`.
 */
void check_web(struct report *report, struct site *site);

/* check_web.c: reports that the host in --web belongs to no site. */
void check_web_site(struct report *report);

/* check_web.c: reads the port in --web. Returns STATUS_BAD_REQUEST if --web is not a URL. */
enum status web_address_check(const struct ctl *ctl, long *port, struct error *err);

/*
 * web_server.c: finds in /proc the accounts that listen on the port. Only root can see the open
 * files of other accounts. If root and another account listen, root is omitted, because root only
 * opened the port for the other account.
 */
void web_server_find(long port, struct web_server *out);
/*
 * check_wordpress.c: compares each site's secret file with the wp-config.php from which the secret
 * file was made. Reports only differences. Call it before the tool changes to the program's
 * account, because that account might not be allowed to read wp-config.php.
 */
void check_wordpress(struct report *report);

#endif
