/*
 * Makes the bosh_url of one session. {hostname} is replaced by the node that holds the session, if
 * bosh_hosts lists that node. A node name that an upstream sends is used as an address only if
 * bosh_hosts lists this name.
 */
#ifndef PREBIND_BOSH_URL_H
#define PREBIND_BOSH_URL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

/*
 * Returns the name under which browsers reach a node. `node` is an entry of bosh_hosts, "NODE" or
 * "NODE=NAME". The result points into `node`.
 */
const char *bosh_url_public_name(const char *node);

/*
 * Makes the address for a session on the node `hostname`. The caller frees *out. Returns
 * STATUS_CHAT_SERVER if bosh_url contains {hostname}, and bosh_hosts does not list this node. If
 * bosh_url has no placeholder, an unknown hostname is ignored.
 */
enum status bosh_url_make(const struct site_conf *conf, const char *hostname, char **out,
			  struct error *err);

#endif
