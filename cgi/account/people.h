/*
 * The people of the site, as one user can see them: name, picture and JID. They come from the
 * site's database (people_query) or from our own users. Not shown: people without an account,
 * disabled users, users in exclude_users, and users whose account is in deny_jids.
 */
#ifndef ACCOUNT_PEOPLE_H
#define ACCOUNT_PEOPLE_H

#include "identity/identity.h"
#include "xmpp/jid.h"

#define PEOPLE_MAX        20 /* maximum number of people in one answer */
#define PEOPLE_LETTERS    2  /* minimum number of characters for a search */
#define PEOPLE_Q_MAX      128
#define PEOPLE_JIDS_BYTES 1800 /* maximum length of a list of JIDs, in bytes */

struct people; /* the open people_query of a site; thread-safe */

/*
 * If `later` is set, the query is opened at its first use. Then *out must not be used by more than
 * one thread. conf is borrowed.
 */
enum status people_open(const struct site_conf *conf, bool later, struct people **out,
			struct error *err);
void people_close(struct people *people); /* NULL is allowed */

/* For `prebindctl check`: checks the query. *said is set to one sentence about the result. */
enum status people_check(const struct site_conf *conf, struct error *said);

struct person {
	char *user;    /* owned, like the next members */
	char *name;    /* the display name, or the user's name if there is none */
	char *picture; /* a URL that the page is allowed to load, or "" */
	char *jid;     /* bare */
};

struct person_list {
	struct person items[PEOPLE_MAX];
	size_t count;
};
void person_list_clear(struct person_list *list);

/* A search for people. Exactly one of q, user and jids is set; the other two are NULL. */
struct people_question {
	struct store *store;
	const char *q;    /* the beginning of a name; allowed only with people = all */
	const char *user; /* the name of one user */
	const char *jids; /* up to PEOPLE_MAX bare JIDs, separated by spaces */
	const struct identity *me;
	const struct jid *my_jid; /* the owner of this JID is not shown */
	const char *origin;       /* the origin of our own pages: "https://example.org" */
	int64_t until_ms;         /* when a search for a list of JIDs must stop; monotonic */
};

/* Also returns STATUS_OK if nobody is found. The caller clears *out. */
enum status people_find(struct people *people, const struct people_question *ask,
			struct person_list *out, struct error *err);

/*
 * Calls each(arg, person) for everybody who has an account. The person is borrowed for the call.
 * Returns STATUS_CONFLICT if there are more than max people.
 */
enum status people_all(const struct site_conf *conf, struct store *store, size_t max,
		       void (*each)(void *arg, const struct person *person), void *arg,
		       struct error *err);

#endif
