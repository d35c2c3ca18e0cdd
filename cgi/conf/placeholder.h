/*
 * The placeholders of bosh_url and resource, which the program fills in for each session. The key
 * jid has its own (conf/jid_rule_text.h).
 */
#ifndef CONF_PLACEHOLDER_H
#define CONF_PLACEHOLDER_H

#include <stdbool.h>

#include "base/strbuf.h"

#define PLACEHOLDER_HOSTNAME "{hostname}" /* in bosh_url: the node that holds the session */
#define PLACEHOLDER_RANDOM   "{random}"   /* in resource: differs each time */

bool placeholder_is_in(const char *text, const char *placeholder);

/*
 * Appends text with value in place of the placeholder. A text without it is appended as it is;
 * value may then be NULL.
 */
void placeholder_fill(const char *text, const char *placeholder, const char *value,
		      struct strbuf *out);

#endif
