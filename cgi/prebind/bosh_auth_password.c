/*
 * bosh_auth = password. The account's XMPP password comes from one of three sources: its row of the
 * JID map, the accounts that we created, or the site's database (bosh_password_query).
 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "prebind/bosh_auth.h"
#include "store/jid_map.h"
#include "store/provisioned.h"
#include "sitedb/site_query.h"

static const char *const asked[] = {":user", ":host", NULL};
static const struct site_query_column columns[] = {
    {"xmpp_password", XMPP_PASSWORD_MAX, true},
};

struct passwords {
	struct store *store; /* borrowed */
	struct site_query_spec spec;
	struct site_query *query; /* NULL if bosh_password_query is not set */
};

static void password_close(void *state)
{
	struct passwords *passwords = state;

	if (passwords == NULL)
		return;
	site_query_close(passwords->query);
	free(passwords);
}

static enum status password_open(const struct site_conf *conf, struct store *store, void **state,
				 struct error *err)
{
	struct passwords *passwords = calloc(1, sizeof(*passwords));
	enum status status = STATUS_OK;

	if (passwords == NULL)
		return error_no_memory(err);
	passwords->store = store;
	passwords->spec = (struct site_query_spec){.site = conf,
						   .database = conf->site_database,
						   .file = conf->bosh_password_query,
						   .key = "bosh_password_query",
						   .asked = asked,
						   .columns = columns,
						   .n_columns = 1};
	if (conf->bosh_password_query[0])
		status = site_query_open(&passwords->spec, &passwords->query, err);
	if (status == STATUS_OK)
		*state = passwords;
	else
		password_close(passwords);
	return status;
}

/*
 * Reads the password from the JID map. Sets *user to the user of the row; the caller frees *user.
 * Returns STATUS_NOT_FOUND if there is no row. Also returns STATUS_NOT_FOUND if the row has no
 * password, but then *user is set.
 */
static enum status map_ask(const struct passwords *passwords, const struct jid *jid, char **user,
			   struct strbuf *out, struct error *err)
{
	struct jid_map_row row = {0};
	enum status status =
	    jid_map_find_account(passwords->store, jid->localpart, jid->domain, &row, err);

	if (status != STATUS_OK)
		return status;
	*user = strdup(row.user);
	if (row.xmpp_password != NULL)
		strbuf_adds(out, row.xmpp_password);
	else
		status = STATUS_NOT_FOUND;
	jid_map_clear(&row);
	return *user != NULL && strbuf_ok(out) ? status : error_no_memory(err);
}

/* Reads the password of an account that we created (key provision). */
static enum status made_ask(const struct passwords *passwords, const struct jid *jid,
			    struct strbuf *out, struct error *err)
{
	struct provisioned made = {0};
	enum status status =
	    provisioned_find(passwords->store, jid->localpart, jid->domain, &made, err);

	if (status == STATUS_OK && made.xmpp_password == NULL)
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK) {
		strbuf_adds(out, made.xmpp_password);
		status = strbuf_ok(out) ? STATUS_OK : error_no_memory(err);
	}
	provisioned_clear(&made);
	return status;
}

/* Reads the password from the site's own table. An empty password is treated as no password. */
static enum status site_ask(const struct passwords *passwords, const struct jid *jid,
			    struct strbuf *out, struct error *err)
{
	const struct site_query_value values[] = {{.text = jid->localpart}, {.text = jid->domain}};
	struct site_query_row row = {0};
	struct error why = {0};
	enum status status;

	if (passwords->query == NULL)
		return STATUS_NOT_FOUND;
	status = site_query_ask(passwords->query, values, &row, &why);
	if (status == STATUS_BAD_REQUEST) /* the row is wrong, not the visitor's request */
		status = STATUS_UNAVAILABLE;
	if (status != STATUS_OK)
		error_set(err, status, "%s", why.text);
	if (status == STATUS_OK && (row.values[0] == NULL || !row.values[0][0]))
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK) {
		strbuf_adds(out, row.values[0]);
		status = strbuf_ok(out) ? STATUS_OK : error_no_memory(err);
	}
	secret_free(row.values[0]);
	row.values[0] = NULL;
	site_query_row_clear(&row);
	return status;
}

static enum status password_prepare(void *state, struct prebind_call *call,
				    struct bosh_credentials *out, struct error *err)
{
	const struct passwords *passwords = state;
	const struct jid *jid = call->jid;
	enum status status = map_ask(passwords, jid, &out->site_user, &out->secret, err);

	if (status == STATUS_NOT_FOUND) {
		status = made_ask(passwords, jid, &out->secret, err);
		out->made = status == STATUS_OK;
	}
	if (status == STATUS_NOT_FOUND)
		status = site_ask(passwords, jid, &out->secret, err);
	if (status != STATUS_NOT_FOUND)
		return status;
	return error_set(
	    err, STATUS_NO_CHAT_ACCOUNT,
	    "no XMPP password is stored for %s@%s%s; to store the password, run: prebindctl map "
	    "set %s %s@%s --xmpp-password-stdin",
	    jid->localpart, jid->domain,
	    passwords->query != NULL ? ", and bosh_password_query returns no password" : "",
	    out->site_user != NULL ? out->site_user : "USER", jid->localpart, jid->domain);
}

static void password_refused(void *state, const struct jid *jid,
			     const struct bosh_credentials *credentials, struct error *err)
{
	(void)state;
	if (credentials->made)
		error_set(err, STATUS_CHAT_SERVER,
			  "the XMPP server refuses the password that prebind chose for %s@%s when "
			  "it created the account (not-authorized). If the account existed before, "
			  "it still has its old password; store the old password with: prebindctl "
			  "map set USER %s@%s --xmpp-password-stdin",
			  jid->localpart, jid->domain, jid->localpart, jid->domain);
	else if (credentials->site_user != NULL)
		error_set(err, STATUS_CHAT_SERVER,
			  "the XMPP server refuses the password that is stored for %s@%s "
			  "(not-authorized); to store the right password, run: prebindctl map set "
			  "%s %s@%s --xmpp-password-stdin",
			  jid->localpart, jid->domain, credentials->site_user, jid->localpart,
			  jid->domain);
	else
		error_set(
		    err, STATUS_CHAT_SERVER,
		    "the XMPP server refuses the password that bosh_password_query returns for "
		    "%s@%s (not-authorized): the query must return the account's password in clear",
		    jid->localpart, jid->domain);
}

const struct bosh_auth_way bosh_auth_password = {
    .open = password_open,
    .close = password_close,
    .prepare = password_prepare,
    .refused = password_refused,
};
