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
	size_t count; /* 0: none was found, or only root may see them */
	struct web_server_account {
		uid_t uid;
		pid_t pid;
		char name[32]; /* of the program */
	} accounts[WEB_SERVER_ACCOUNTS];
};

struct report {
	struct ctl *ctl;
	const struct site_conf *site; /* NULL: the lines belong to [server] */
	struct json_writer *w;
	struct template_cache *cache; /* borrowed, like ctl and w */
	struct web_server web_server; /* with --web */
	char *cookie;                 /* with --cookie; owned; wiped */
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

/* check_server.c: tries the socket of `listen`. Returns an errno; 0: a server answers. */
int check_server_answers(const struct server_conf *conf);

/*
 * check_server.c: checks that the program's user, to which the tool has changed, can read the
 * configuration.
 */
void check_files(struct report *report);

/* check_server.c: may that user write the log? */
void check_log(struct report *report);

/* check_server.c: can that user read the token of status_token_file? */
void check_status_token(struct report *report);

/* check.c: checks the site of --site, or all sites. */
void check_sites(struct report *report);

/*
 * check_grants.c: notes what the account of the site's database may do beyond reading, and which
 * account is enough. provider_failed: a provider could not use the database, perhaps because the
 * account lacks rights.
 */
void check_grants(struct report *report, bool provider_failed);

/*
 * check_accounts.c: checks the files, the log and the sites, each as the account that the program
 * runs as for it.
 */
void check_sites_by_account(struct report *report);

/*
 * check_visitor.c: reads the cookie of --cookie. STATUS_BAD_REQUEST: there is none, or no site is
 * named. The caller frees *out with secret_free.
 */
enum status check_visitor_cookie(struct ctl *ctl, char **out, struct error *err);

/* check_visitor.c: with --cookie: reports who a visitor with that cookie is. */
void check_visitor(struct report *report, const struct site *site);

/* With whom a session is tried. */
struct check_user {
	char first[USER_NAME_MAX + 1];
	const char *name; /* that of --user, or points to first; NULL: nobody */
};

/*
 * check_bind.c: makes a session as the page does, for the user of --user, or for the first user of
 * provider login. STATUS_NOT_FOUND with user->name NULL: there is nobody to try it with. The caller
 * clears *session.
 */
enum status check_bind_session(const struct report *report, struct site *site,
			       struct check_user *user, struct chat_session *session,
			       struct error *err);

/*
 * check_bind.c: --deep: reports such a session. *session is zeroed if there is none; otherwise it
 * ends by itself unless the caller goes on with it. The caller clears it.
 */
void check_bind(struct report *report, struct site *site, struct chat_session *session);

/*
 * check_guests.c: --deep: gets a guest's session and tries whether the XMPP server keeps guests
 * from users, rooms and contacts. user: a session to write to; without a sid: none.
 */
void check_guests(struct report *report, struct site *site, const struct chat_session *user);

/* check_bind.c: --deep: compares the XMPP server's clock with ours, if it tells the time. */
void check_upstream_clock(struct report *report);

/* check_bind.c: reports how another machine's clock, which was read just now, differs from ours. */
struct clock_seen {
	const char *what;  /* the word of the line */
	const char *whose; /* "the web server's" */
	int64_t seconds;   /* of the wall clock */
	const char
	    *matters; /* what a difference breaks, which makes it a failure; NULL: only a note */
};
void check_clock(struct report *report, const struct clock_seen *seen);

/*
 * check_web.c: --web: looks at the site through its web server, if the address belongs to it; with
 * --deep also without --web, at the address that `hosts` names.
 */
void check_web(struct report *report, struct site *site);

/* check_web.c: reports that no site has the host of --web. */
void check_web_site(struct report *report);

/* check_web.c: STATUS_BAD_REQUEST: --web is not an address. */
enum status web_address_check(const struct ctl *ctl, long *port, struct error *err);

/*
 * web_server.c: finds the accounts in /proc, which for other accounts' processes only root may do.
 * If an account other than root listens, root is left out: it only opened the port.
 */
void web_server_find(long port, struct web_server *out);
/*
 * check_wordpress.c: compares each site's secret file with the wp-config.php that it was made from.
 * Reports only differences. Call it before the tool changes to the program's user, who may perhaps
 * not read wp-config.php.
 */
void check_wordpress(struct report *report);

#endif
