/*
 * The site's people, as one user may see them: name, picture and JID. They come from the site's
 * database (people_query) or from our own users. Nobody is shown without an account, and nobody who
 * is disabled, in exclude_users, or whose account is in deny_jids.
 */
#ifndef ACCOUNT_PEOPLE_H
#define ACCOUNT_PEOPLE_H

#include "identity/identity.h"
#include "xmpp/jid.h"

#define PEOPLE_MAX        20 /* shown for one question */
#define PEOPLE_LETTERS    2  /* a search needs that many characters */
#define PEOPLE_Q_MAX      128
#define PEOPLE_JIDS_BYTES 1800 /* of a list of JIDs */

struct people; /* what a site keeps open for it; thread-safe */

/* later: open the query at its first use, by one thread. conf is borrowed. */
enum status people_open(const struct site_conf *conf, bool later, struct people **out,
			struct error *err);
void people_close(struct people *people); /* takes NULL */

/* For `prebindctl check`: checks the query. said is one sentence about what it found. */
enum status people_check(const struct site_conf *conf, struct error *said);

struct person {
	char *user;    /* owned, as the next members */
	char *name;    /* the display name, else the user's name */
	char *picture; /* an address that the page may load, or "" */
	char *jid;     /* bare */
};

struct person_list {
	struct person items[PEOPLE_MAX];
	size_t count;
};
void person_list_clear(struct person_list *list);

/* One of q, user and jids is not NULL. */
struct people_question {
	struct store *store;
	const char *q;    /* the beginning of a name; people = all only */
	const char *user; /* one user */
	const char *jids; /* up to PEOPLE_MAX bare JIDs with blanks between them */
	const struct identity *me;
	const struct jid *my_jid; /* its owner is not shown */
	const char *origin;       /* of our own pages: "https://example.org" */
	int64_t until_ms;         /* monotonic: later JIDs of a list are left out */
};

/* STATUS_OK also if there is nobody. The caller clears *out. */
enum status people_find(struct people *people, const struct people_question *ask,
			struct person_list *out, struct error *err);

/*
 * Calls each with everybody who has an account, for a list of all; the person is borrowed for the
 * call. STATUS_CONFLICT: there are more than max.
 */
enum status people_all(const struct site_conf *conf, struct store *store, size_t max,
		       void (*each)(void *arg, const struct person *person), void *arg,
		       struct error *err);

#endif
