/*
 * Checks that a site's queries return the columns that its rule for JIDs needs.
 */
#include "identity/site_rule.h"

#include <stddef.h>

#include "conf/placeholder.h"

enum status site_rule_check(const struct site_conf *conf, bool email, bool id, struct error *err)
{
	bool one_query = conf->site_result == SITE_RESULT_WORDPRESS;
	struct conf_place place = conf_site_place(conf, "jid");
	const char *column = NULL;
	struct jid_rule rule;

	if (jid_rule_read(conf->jid, &rule) != NULL)
		return STATUS_OK; /* site_check reports an invalid rule */
	if (rule.field == JID_RULE_EMAIL && !email)
		column = "email";
	if (rule.field == JID_RULE_ID && !id)
		column = "id";
	if (column == NULL)
		return STATUS_OK;
	if (one_query)
		return conf_fault(err, STATUS_BAD_REQUEST, place,
				  "%s needs a column `%s`, which site_query (%s) does not return; "
				  "add `… AS %s` to the query",
				  conf->jid, column, conf->site_query, column);
	return conf_fault(err, STATUS_BAD_REQUEST, place,
			  "%s needs a column `%s`, which neither site_query (%s) nor "
			  "site_profile_query returns; add `… AS %s` to one of these queries",
			  conf->jid, column, conf->site_query, column);
}
