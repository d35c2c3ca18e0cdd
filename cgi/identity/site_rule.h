/*
 * Checks that the site's queries return the columns that its rule for JIDs needs.
 */
#ifndef IDENTITY_SITE_RULE_H
#define IDENTITY_SITE_RULE_H

#include <stdbool.h>

#include "base/error.h"
#include "conf/conf.h"

/* `email` and `id` are true if a query of the site returns the column of that name. */
enum status site_rule_check(const struct site_conf *conf, bool email, bool id, struct error *err);

#endif
