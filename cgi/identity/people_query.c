/*
 * Runs the SELECT of people_query. sitedb/site_query.h limits what the SELECT can do and checks its
 * values.
 */
#include "identity/people_query.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/strbuf.h"
#include "identity/identity.h"
#include "sitedb/site_query.h"

#define JID_MAX     2047 /* RFC 7622 3.1: two parts of 1023 bytes, and the @ between them */
#define PICTURE_MAX 1024 /* bytes of a picture's URL */
#define EMAIL_MAX   320  /* in bytes (RFC 3696 erratum 1690) */

enum { USER, DISPLAY_NAME, PICTURE, JID, EMAIL, ID, N_COLUMNS };

static const struct site_query_column columns[] = {
    [USER] = {"user",         IDENTITY_USER_MAX, true },
    [DISPLAY_NAME] = {"display_name", IDENTITY_USER_MAX, false},
    [PICTURE] = {"picture",      PICTURE_MAX,       false},
    [JID] = {"jid",          JID_MAX,           false},
    [EMAIL] = {"email",        EMAIL_MAX,         false},
    [ID] = {"id",           IDENTITY_USER_MAX, false},
};

enum { ASKED_Q, ASKED_USER, ASKED_ME, ASKED_LIMIT, ASKED_NOW, ASKED_Q_LIKE, N_ASKED };

static const char *const asked[] = {":q",   ":user",           ":me", ":limit",
				    ":now", SITE_QUERY_Q_LIKE, NULL};

struct people_query {
	struct site_query_spec spec;
	struct site_query *query;
};

enum status people_query_open(const struct site_conf *conf, size_t rows_max,
			      struct people_query **out, struct error *err)
{
	struct people_query *people = calloc(1, sizeof(*people));

	if (people == NULL)
		return error_no_memory(err);
	people->spec = (struct site_query_spec){
	    .site = conf,
	    .database = conf->site_database,
	    .file = conf->people_query,
	    .key = "people_query",
	    .asked = asked,
	    .many = true,
	    .rows_max = rows_max,
	    .columns = columns,
	    .n_columns = N_COLUMNS,
	};
	enum status status = site_query_open(&people->spec, &people->query, err);
	if (status == STATUS_OK)
		*out = people;
	else
		free(people);
	return status;
}

enum status people_query_check(struct people_query *people, struct error *err)
{
	return site_query_check(people->query, err);
}

void people_query_close(struct people_query *people)
{
	if (people == NULL)
		return;
	site_query_close(people->query);
	free(people);
}

static const char *value(const struct site_query_row *row, int column)
{
	return row->values[column] != NULL ? row->values[column] : "";
}

static void row_tell(const struct site_query_row *row,
		     void (*each)(void *arg, const struct people_row *row), void *arg)
{
	const struct people_row person = {
	    .user = value(row, USER),
	    .display_name = value(row, DISPLAY_NAME),
	    .picture = value(row, PICTURE),
	    .jid = value(row, JID),
	    .email = value(row, EMAIL),
	    .id = value(row, ID),
	};

	if (person.user[0] != '\0' && !text_has_control(person.user))
		each(arg, &person);
}

/* The rows that a query returned. `n` is their number, `max` the size of the array. */
struct listing {
	struct site_query_row *rows;
	size_t max, n;
};

/* Runs the query. `pattern` is the value of :q_like. */
static enum status list(struct people_query *people, const struct people_search *what,
			const char *pattern, struct listing *out, struct error *err)
{
	const struct site_query_value values[N_ASKED] = {
	    [ASKED_Q] = {.text = what->q},          [ASKED_USER] = {.text = what->user},
	    [ASKED_ME] = {.text = what->me},        [ASKED_LIMIT] = {.number = (int64_t)out->max},
	    [ASKED_NOW] = {.number = clock_wall()}, [ASKED_Q_LIKE] = {.text = pattern},
	};

	return site_query_list(people->query, values, out->rows, out->max, &out->n, err);
}

static void listing_tell(struct listing *listing,
			 void (*each)(void *arg, const struct people_row *row), void *arg)
{
	for (size_t i = 0; i < listing->n; i++) {
		row_tell(&listing->rows[i], each, arg);
		site_query_row_clear(&listing->rows[i]);
	}
	listing->n = 0;
}

enum status people_query_each(struct people_query *people, const struct people_search *what,
			      void (*each)(void *arg, const struct people_row *row), void *arg,
			      struct error *err)
{
	struct site_query_row rows[PEOPLE_ROWS_MAX];
	struct listing listing = {.rows = rows, .max = PEOPLE_ROWS_MAX};
	struct strbuf escaped;

	strbuf_init(&escaped);
	site_query_escape_like(what->q, &escaped);
	enum status status = strbuf_ok(&escaped) ? list(people, what, escaped.data, &listing, err)
						 : error_no_memory(err);
	listing_tell(&listing, each, arg);
	strbuf_clear(&escaped);
	return status;
}

enum status people_query_all(struct people_query *people,
			     void (*each)(void *arg, const struct people_row *row), void *arg,
			     struct error *err)
{
	const struct people_search anybody = {.q = "%", .user = "", .me = ""};
	struct listing listing = {.max = people->spec.rows_max};
	size_t max = listing.max - 1;
	enum status status = STATUS_OK;

	listing.rows = calloc(listing.max, sizeof(*listing.rows));
	if (listing.rows == NULL)
		return error_no_memory(err);
	status = list(people, &anybody, "%", &listing, err);
	if (status == STATUS_OK && listing.n > max)
		status = error_set(err, STATUS_CONFLICT, "the site has more than %zu users", max);
	for (size_t i = 0; status != STATUS_OK && i < listing.n; i++)
		site_query_row_clear(&listing.rows[i]);
	if (status == STATUS_OK)
		listing_tell(&listing, each, arg);
	free(listing.rows);
	return status;
}
