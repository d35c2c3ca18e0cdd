/*
 * Checks that the site's queries return what its rule for JIDs uses.
 */
#ifndef IDENTITY_SITE_RULE_H
#define IDENTITY_SITE_RULE_H

#include <stdbool.h>

#include "base/error.h"
#include "conf/conf.h"

/* email and id say whether a query of the site returns that column. */
enum status site_rule_check(const struct site_conf *conf, bool email, bool id, struct error *err);

#endif
