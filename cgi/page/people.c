/*
 * GET /people.json: the list of the site's people, for a visitor who is logged in and has an XMPP
 * account. All other visitors get an empty list, so the answer does not reveal whether they are
 * logged in.
 */
#include "account/people.h"
#include "base/clock.h"
#include "page/page.h"

static enum status people_limit(struct exchange *ex, struct error *err)
{
	struct strbuf user;

	strbuf_init(&user);
	strbuf_addf(&user, "%s:%s", ex->identity.source, ex->identity.user);
	struct limit_key key = {.scope = "people", .key = user.data};
	enum status status = strbuf_ok(&user)
				 ? limit_take(ex->site->limits, &key, &ex->site->conf->limit_people,
					      clock_wall() * 1000, err)
				 : error_no_memory(err);
	strbuf_clear(&user);
	return status;
}

static void people_write(const struct person_list *list, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_array(&w, NULL);
	for (size_t i = 0; i < list->count; i++) {
		const struct person *person = &list->items[i];

		json_open_object(&w, NULL);
		json_put_string(&w, "user", person->user);
		json_put_string(&w, "name", person->name);
		json_put_string(&w, "picture", person->picture);
		json_put_string(&w, "jid", person->jid);
		json_close_object(&w);
	}
	json_close_array(&w);
}

static enum status people_ask(struct exchange *ex, struct person_list *out, struct error *err)
{
	const struct people_question ask = {
	    .store = ex->site->store,
	    .q = fields_get(&ex->req.query, "q"),
	    .user = fields_get(&ex->req.query, "user"),
	    .jids = fields_get(&ex->req.query, "jid"),
	    .me = &ex->identity,
	    .my_jid = &ex->jid,
	    .origin = ex->req.origin_self,
	    .until_ms = exchange_until_ms(ex),
	};

	if (!exchange_has_account(ex))
		return STATUS_OK;
	if ((ask.q != NULL) + (ask.user != NULL) + (ask.jids != NULL) != 1)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "a search for people must have exactly one of the parameters q, user and jid");
	enum status status = people_limit(ex, err);
	return status == STATUS_OK ? people_find(ex->site->people, &ask, out, err) : status;
}

void people_handle(struct exchange *ex)
{
	struct person_list list = {0};
	struct error err = {0};
	struct strbuf json;

	strbuf_init_secret(&json);
	enum status status = people_ask(ex, &list, &err);
	if (status == STATUS_OK) {
		people_write(&list, &json);
		page_send_json(ex, 200, &json);
	} else {
		page_send_error(ex, status, &err);
	}
	person_list_clear(&list);
	strbuf_clear(&json);
}
