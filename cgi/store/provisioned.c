/*
 * Accounts created by this program. An account is recorded before the server is asked to create it,
 * so a crash in between cannot lose its password. For each account, only one caller at a time asks
 * the server. If two callers registered one account at the same time, ejabberd would make an
 * account that nobody can log in to.
 */
#include "store/provisioned.h"

#include "store/connection.h"

void provisioned_clear(struct provisioned *provisioned)
{
	row_clear(QUERY_PROVISIONED_FIND, provisioned);
}

enum status provisioned_find(struct store *store, const char *localpart, const char *domain,
			     struct provisioned *out, struct error *err)
{
	return store_find(store, QUERY_PROVISIONED_FIND,
			  VALUES(as_text(localpart), as_text(domain)), out, err);
}

/* Sets *mine to true if the row is new, or if the lease of the previous caller has ended. */
static enum status take(struct connection *db, const struct provisioned_new *what, bool *mine,
			struct error *err)
{
	const struct value localpart = as_text(what->localpart), domain = as_text(what->domain);
	int changed = 0;
	enum status status =
	    connection_run(db, QUERY_PROVISIONED_ADD,
			   VALUES(localpart, domain, as_text(what->xmpp_password)), &changed, err);

	if (status == STATUS_OK && changed == 0)
		status = connection_run(db, QUERY_PROVISIONED_TAKE,
					VALUES(localpart, domain, as_integer(PROVISIONED_LEASE_S)),
					&changed, err);
	*mine = changed > 0;
	return status;
}

enum status provisioned_begin(struct store *store, const struct provisioned_new *what,
			      struct provisioned *out, bool *mine, struct error *err)
{
	const struct store_key key = {
	    .scope = KEY_ACCOUNT, .names = {what->localpart, what->domain}
        };
	struct provisioned row = {0};
	struct connection *db;
	enum status status = store_begin(store, &key, &db, err);

	if (status != STATUS_OK)
		return status;
	status = take(db, what, mine, err);
	if (status == STATUS_OK)
		status = connection_find(db, QUERY_PROVISIONED_FIND,
					 VALUES(as_text(what->localpart), as_text(what->domain)),
					 &row, err);
	status = store_end(store, db, status, err);
	if (status == STATUS_OK)
		*out = row;
	else
		provisioned_clear(&row);
	return status;
}

enum status provisioned_end(struct store *store, const struct provisioned_new *what, bool done,
			    struct error *err)
{
	return store_run(store, QUERY_PROVISIONED_END,
			 VALUES(as_text(what->localpart), as_text(what->domain), as_integer(done)),
			 NULL, err);
}
