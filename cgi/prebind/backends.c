/*
 * Functions that several back ends use.
 */
#include "prebind/backends.h"

enum status prebind_key_error(const struct site_conf *conf, const char *key,
			      const struct error *why, struct error *err)
{
	return conf_fault(err, STATUS_UNAVAILABLE, conf_site_place(conf, key), "%s", why->text);
}

enum upstream_outcome prebind_reach_outcome(enum http_reach reach)
{
	static const enum upstream_outcome outcomes[] = {
	    [HTTP_NOT_BEGUN] = OUTCOME_NONE,
	    [HTTP_NOT_CONNECTED] = OUTCOME_NOT_CONNECTED,
	    [HTTP_NOT_REACHED] = OUTCOME_NOT_REACHED,
	    [HTTP_SENT] = OUTCOME_FAILED,
	};

	return outcomes[reach];
}
