/*
 * bosh_url for one session: {hostname} replaced by the node that holds it, but only by a name that
 * bosh_hosts allows. What an upstream says never becomes an address by itself.
 */
#ifndef PREBIND_BOSH_URL_H
#define PREBIND_BOSH_URL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"

/* True if bosh_url has {hostname} in it. */
bool bosh_url_is_by_node(const struct site_conf *conf);

/* The name that browsers know a node by; node is a word of bosh_hosts. Borrowed from it. */
const char *bosh_url_public_name(const char *node);

/* Appends bosh_url with that name in its place; NULL: as it stands there. */
void bosh_url_write(const struct site_conf *conf, const char *name, struct strbuf *out);

/*
 * The address for a session on the node hostname; the caller frees *out. STATUS_CHAT_SERVER: one is
 * needed, and hostname is not listed. hostname is not looked at where bosh_url does not ask for it.
 */
enum status bosh_url_make(const struct site_conf *conf, const char *hostname, char **out,
			  struct error *err);

#endif
