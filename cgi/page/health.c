/*
 * /health reports whether this process can serve requests. It checks the database. With ?deep=1 it
 * also checks the XMPP server. Only this machine is allowed to use ?deep=1.
 */
#include <string.h>

#include "base/log.h"
#include "base/stopping.h"
#include "page/page.h"

/*
 * Returns the state for the answer. A server that is stopping still serves requests, but /health
 * answers with status 503, so that a load balancer sends new requests elsewhere.
 */
static const char *state_name(bool well)
{
	if (stopping_has_begun())
		return "stopping";
	return well ? "ok" : "unavailable";
}

static void send_health(struct exchange *ex, enum status database, const enum status *upstream)
{
	bool well = database == STATUS_OK && (upstream == NULL || *upstream == STATUS_OK);
	struct strbuf json;
	struct json_writer w;

	strbuf_init(&json);
	json_writer_init(&w, &json);
	json_open_object(&w, NULL);
	json_put_string(&w, "status", state_name(well));
	json_put_string(&w, "database", status_name(database));
	if (upstream != NULL)
		json_put_string(&w, "upstream", status_name(*upstream));
	json_close_object(&w);
	page_send_json(ex, well && !stopping_has_begun() ? 200 : 503, &json);
	strbuf_clear(&json);
}

static void log_fault(const struct exchange *ex, const char *part, const struct error *err)
{
	log_event(LOG_LEVEL_ERROR, "health", "id", ex->req.id, "site", ex->site->conf->name, "part",
		  part, "why", err->text, NULL);
}

/* Checks the database. A site that cannot be opened has no usable database. */
static enum status ping(const struct exchange *ex, struct error *err)
{
	return ex->site->closed ? sites_not_now(ex->site->conf, err)
				: store_ping(ex->site->store, err);
}

void health_handle(struct exchange *ex)
{
	const char *deep = fields_get(&ex->req.query, "deep");
	struct error err = {0};

	if (deep != NULL && !exchange_is_local(ex)) {
		page_send_error(ex, STATUS_FORBIDDEN, NULL);
		return;
	}
	enum status database = ping(ex, &err);
	if (database != STATUS_OK)
		log_fault(ex, "database", &err);
	if (deep == NULL || ex->site->closed) {
		send_health(ex, database, NULL);
		return;
	}
	enum status upstream = bind_check(ex, &err);
	if (upstream != STATUS_OK)
		log_fault(ex, "upstream", &err);
	send_health(ex, database, &upstream);
}
