/*
 * Finds people, and the JID that each person would get at a login. Leaves out people who would get
 * no JID, and the user who asks.
 */
#include "account/people.h"

#include <stdlib.h>
#include <string.h>

#include "account/jid_rule.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/name.h"
#include "base/strbuf.h"
#include "identity/people_query.h"
#include "store/jid_map.h"
#include "store/user.h"

struct people {
	const struct site_conf *conf;
	struct people_query *query; /* NULL for our own users, and before the query is opened */
};

/* ---- open, close ---- */

static bool has_query(const struct site_conf *conf)
{
	return conf->people_query[0] != '\0';
}

enum status people_open(const struct site_conf *conf, bool later, struct people **out,
			struct error *err)
{
	struct people *people;
	enum status status = STATUS_OK;

	if (conf->people == PEOPLE_OFF)
		return STATUS_OK;
	people = calloc(1, sizeof(*people));
	if (people == NULL)
		return error_no_memory(err);
	people->conf = conf;
	if (has_query(conf) && !later)
		status = people_query_open(conf, PEOPLE_ROWS_MAX, &people->query, err);
	if (status == STATUS_OK)
		*out = people;
	else
		people_close(people);
	return status;
}

void people_close(struct people *people)
{
	if (people == NULL)
		return;
	people_query_close(people->query);
	free(people);
}

enum status people_check(const struct site_conf *conf, struct error *said)
{
	struct people_query *query = NULL;
	enum status status = STATUS_OK;

	if (!has_query(conf))
		return error_set(said, STATUS_OK,
				 "a search for people finds the users of prebind's own login");
	status = people_query_open(conf, PEOPLE_ROWS_MAX, &query, said);
	if (status == STATUS_OK)
		status = people_query_check(query, said);
	if (status == STATUS_OK)
		error_set(said, STATUS_OK, "the site's database accepts the query in %s",
			  conf->people_query);
	people_query_close(query);
	return status;
}

/* ---- one person ---- */

static void person_clear(struct person *person)
{
	free(person->user);
	free(person->name);
	free(person->picture);
	free(person->jid);
	*person = (struct person){0};
}

void person_list_clear(struct person_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		person_clear(&list->items[i]);
	list->count = 0;
}

/*
 * Returns the name of the provider by which the site's people log in. The map and the claims use
 * the same name.
 */
static const char *source_of(const struct site_conf *conf)
{
	if (!has_query(conf))
		return PROVIDER_LOGIN;
	for (size_t i = 0; i < conf->identity.count; i++) {
		const char *name = conf->identity.items[i];
		bool own = strcmp(name, PROVIDER_LOGIN) == 0 && conf->login_query[0] == '\0';
		if (!own && strcmp(name, PROVIDER_GUEST) != 0)
			return name;
	}
	return conf->identity.items[0];
}

/* True if the URL begins with the origin and a slash, like "https://example.org/…". */
static bool is_of_origin(const char *url, const char *origin)
{
	size_t len = strlen(origin);

	return strncmp(url, origin, len) == 0 && url[len] == '/';
}

/* True if the page's Content-Security-Policy allows the page to load this picture. */
static bool may_be_loaded(const struct site_conf *conf, const char *origin, const char *picture)
{
	if (text_has_control(picture) || strchr(picture, '\\') != NULL)
		return false;
	if (picture[0] == '/')
		return picture[1] != '/';
	if (origin != NULL && is_of_origin(picture, origin))
		return true;
	for (size_t i = 0; i < conf->picture_origins.count; i++)
		if (is_of_origin(picture, conf->picture_origins.items[i]))
			return true;
	return false;
}

/* The state of a search: what is searched for, and for whom. */
struct finding {
	const struct people *people;
	const struct people_question *ask;
	const struct jid *only; /* find only the owner of this JID; NULL for anybody */
	struct store *reader;
	struct person_list *list; /* NULL to call `each` for every person */
	void (*each)(void *arg, const struct person *person);
	void *arg;
	size_t users;       /* how many of our own users the search found so far */
	enum status status; /* the first failure */
	struct error *err;
};

static enum status add(struct finding *f, const struct people_row *row, const struct jid *jid)
{
	const struct site_conf *conf = f->people->conf;
	bool shown = row->display_name[0] != '\0' && !text_has_control(row->display_name);
	bool picture = may_be_loaded(conf, f->ask->origin, row->picture);
	struct person person = {
	    .user = strdup(row->user),
	    .name = strdup(shown ? row->display_name : row->user),
	    .picture = strdup(picture ? row->picture : ""),
	    .jid = jid_bare_text(jid),
	};

	if (person.user == NULL || person.name == NULL || person.picture == NULL ||
	    person.jid == NULL) {
		person_clear(&person);
		return error_no_memory(f->err);
	}
	if (f->list != NULL) {
		f->list->items[f->list->count++] = person;
		return STATUS_OK;
	}
	f->each(f->arg, &person);
	person_clear(&person);
	return STATUS_OK;
}

static void person_found(void *arg, const struct people_row *row)
{
	struct finding *f = arg;
	const struct site_conf *conf = f->people->conf;
	const struct identity who = {
	    .source = source_of(conf),
	    .user = (char *)row->user,
	    .jid = (char *)row->jid,
	    .email = (char *)row->email,
	    .id = (char *)row->id,
	};
	struct jid jid = {0};
	struct error why = {0};

	if (f->status != STATUS_OK || (f->list != NULL && f->list->count == PEOPLE_MAX) ||
	    identity_is_excluded(conf, row->user))
		return;
	f->status = jid_rule_look(conf, f->reader, &who, &jid, &why);
	if (f->status == STATUS_NO_CHAT_ACCOUNT)
		f->status = STATUS_OK;
	else if (f->status != STATUS_OK)
		error_set(f->err, f->status, "%s", why.text);
	else if ((f->ask->my_jid == NULL || !jid_same_bare(&jid, f->ask->my_jid)) &&
		 (f->only == NULL || jid_same_bare(&jid, f->only)))
		f->status = add(f, row, &jid);
	jid_clear(&jid);
}

/* ---- our own users ---- */

static void own_found(void *arg, const struct user *user)
{
	const struct people_row row = {
	    .user = user->name,
	    .display_name = user->display_name,
	    .picture = "",
	    .jid = "",
	    .email = "",
	    .id = "",
	};

	struct finding *f = arg;

	f->users++;
	if (!user->disabled)
		person_found(f, &row);
}

static enum status own_each(struct finding *f, const struct people_search *what)
{
	struct user user = {0};

	if (what->q[0] != '\0')
		return user_search(f->reader, what->q, PEOPLE_ROWS_MAX, own_found, f, f->err);
	enum status status = user_find(f->reader, what->user, &user, f->err);
	if (status == STATUS_OK)
		own_found(f, &user);
	user_clear(&user);
	return status == STATUS_NOT_FOUND || status == STATUS_BAD_REQUEST ? STATUS_OK : status;
}

/* ---- the searches ---- */

static enum status search(struct finding *f, const char *q, const char *user)
{
	const struct people_search what = {.q = q, .user = user, .me = f->ask->me->user};
	enum status status;

	store_rest(f->reader); /* release the connection, because the site's database can be slow */
	status = f->people->query != NULL
		     ? people_query_each(f->people->query, &what, person_found, f, f->err)
		     : own_each(f, &what);
	return status == STATUS_OK ? f->status : status;
}

static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0U) != 0x80U;
	return n;
}

/* Searches for names that begin with the typed text. Ignores spaces at either end of the text. */
static enum status search_begin(struct finding *f, const char *typed)
{
	char *trimmed, *folded = NULL;
	size_t len;

	typed += strspn(typed, " ");
	for (len = strlen(typed); len > 0 && typed[len - 1] == ' ';)
		len--;
	trimmed = strndup(typed, len);
	if (trimmed == NULL)
		return error_no_memory(f->err);
	enum status status = name_fold(trimmed, &folded, f->err);
	if (status == STATUS_OK && characters(folded) >= PEOPLE_LETTERS)
		status = search(f, folded, "");
	free(folded);
	free(trimmed);
	return status;
}

/*
 * Sets *out to the user who owns the account by the map or by the rule, or to NULL if neither gives
 * an owner.
 */
static enum status owner_name(struct finding *f, const struct jid *jid, char **out)
{
	const struct site_conf *conf = f->people->conf;
	struct jid_map_row row = {0};
	struct jid_rule rule;
	char *inside = NULL;
	enum status status =
	    jid_map_find_account(f->reader, jid->localpart, jid->domain, &row, f->err);

	if (status == STATUS_OK) {
		*out = row.user;
		row.user = NULL;
	}
	jid_map_clear(&row);
	if (status != STATUS_NOT_FOUND)
		return status;
	if (jid_rule_read(conf->jid, &rule) == NULL && rule.field == JID_RULE_USER)
		inside = jid_rule_inside(&rule, jid->localpart);
	if (inside != NULL &&
	    jid_name_from_localpart(inside, jid_rule_name_form(&rule), out, f->err) != STATUS_OK)
		*out = NULL;
	free(inside);
	return STATUS_OK;
}

/*
 * Finds the owner of one account. If the rule folds case, the user's name can have capitals that
 * the JID does not show. So if the exact name is not found, the search is repeated ignoring case.
 */
static enum status search_owner(struct finding *f, const struct jid *jid)
{
	char *name = NULL, *folded = NULL;
	size_t before = f->list->count;
	enum status status = owner_name(f, jid, &name);

	f->only = jid;
	if (status == STATUS_OK && name != NULL)
		status = search(f, "", name);
	if (status == STATUS_OK && name != NULL && f->list->count == before &&
	    jid_rule_lowers(f->people->conf->jid))
		status = name_fold(name, &folded, f->err);
	if (status == STATUS_OK && folded != NULL)
		status = search(f, folded, "");
	f->only = NULL;
	free(folded);
	free(name);
	return status;
}

/* Finds the owners of a list of JIDs. A word that is not a JID is skipped. */
static enum status search_owners(struct finding *f, const char *jids)
{
	enum status status = STATUS_OK;

	for (size_t n = 0; n < PEOPLE_MAX && status == STATUS_OK; n++) {
		struct jid jid = {0};
		char *word;
		size_t len;

		jids += strspn(jids, " ");
		len = strcspn(jids, " ");
		if (len == 0 || clock_left_ms(f->ask->until_ms) == 0)
			break;
		word = strndup(jids, len);
		if (word == NULL)
			return error_no_memory(f->err);
		if (jid_parse(word, &jid, NULL) == STATUS_OK && jid.localpart != NULL)
			status = search_owner(f, &jid);
		jid_clear(&jid);
		free(word);
		jids += len;
	}
	return status;
}

/*
 * Opens the query at its first use. If the query file is wrong, returns STATUS_UNAVAILABLE, because
 * STATUS_BAD_REQUEST would mean that the visitor's request is wrong.
 */
static enum status open_later(struct people *people, struct error *err)
{
	enum status status = people_query_open(people->conf, PEOPLE_ROWS_MAX, &people->query, err);

	return status == STATUS_BAD_REQUEST ? error_set(err, STATUS_UNAVAILABLE, "%s", err->text)
					    : status;
}

enum status people_find(struct people *people, const struct people_question *ask,
			struct person_list *out, struct error *err)
{
	struct finding f = {.people = people, .ask = ask, .list = out, .err = err};
	enum status status = STATUS_OK;

	out->count = 0;
	if (has_query(people->conf) && people->query == NULL)
		status = open_later(people, err);
	if (status == STATUS_OK)
		status = store_reader_new(ask->store, &f.reader, err);
	if (status != STATUS_OK)
		return status;
	if (ask->jids != NULL)
		status = search_owners(&f, ask->jids);
	else if (ask->user != NULL)
		status = ask->user[0] != '\0' ? search(&f, "", ask->user) : STATUS_OK;
	else if (people->conf->people == PEOPLE_ALL)
		status = search_begin(&f, ask->q);
	store_reader_free(f.reader);
	if (status != STATUS_OK)
		person_list_clear(out);
	return status;
}

/* ---- everybody ---- */

static enum status all_users(struct finding *f, size_t max)
{
	enum status status = user_list(f->reader, own_found, f, f->err);

	if (status == STATUS_OK && f->users > max)
		status =
		    error_set(f->err, STATUS_CONFLICT, "the site has more than %zu users", max);
	return status;
}

enum status people_all(const struct site_conf *conf, struct store *store, size_t max,
		       void (*each)(void *arg, const struct person *person), void *arg,
		       struct error *err)
{
	struct people people = {.conf = conf};
	const struct people_question ask = {.store = store};
	struct finding f = {
	    .people = &people, .ask = &ask, .each = each, .arg = arg, .reader = store, .err = err};
	enum status status = STATUS_OK;

	if (has_query(conf))
		status = people_query_open(conf, max + 1, &people.query, err);
	if (status == STATUS_OK && has_query(conf))
		status = people_query_all(people.query, person_found, &f, err);
	else if (status == STATUS_OK)
		status = all_users(&f, max);
	people_query_close(people.query);
	return status == STATUS_OK ? f.status : status;
}
