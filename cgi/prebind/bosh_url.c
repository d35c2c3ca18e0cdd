/*
 * Finds host names in bosh_hosts, ignoring case, and replaces the placeholder of bosh_url.
 */
#include "prebind/bosh_url.h"

#include <string.h>
#include <strings.h>

#include "conf/placeholder.h"

const char *bosh_url_public_name(const char *node)
{
	const char *equals = strchr(node, '=');

	return equals != NULL ? equals + 1 : node;
}

static const char *public_name_find(const struct conf_list *nodes, const char *hostname)
{
	size_t len = strlen(hostname);

	for (size_t i = 0; len > 0 && i < nodes->count; i++) {
		const char *node = nodes->items[i];

		if (strcspn(node, "=") == len && strncasecmp(node, hostname, len) == 0)
			return bosh_url_public_name(node);
	}
	return NULL;
}

enum status bosh_url_make(const struct site_conf *conf, const char *hostname, char **out,
			  struct error *err)
{
	const char *name = public_name_find(&conf->bosh_hosts, hostname);
	struct strbuf url;
	char *taken;

	if (name == NULL && placeholder_is_in(conf->bosh_url, PLACEHOLDER_HOSTNAME))
		return error_set(err, STATUS_CHAT_SERVER,
				 "the session is on the node \"%s\", which bosh_hosts does not "
				 "list: if this node is one of your nodes, add it to bosh_hosts",
				 hostname);
	strbuf_init(&url);
	placeholder_fill(conf->bosh_url, PLACEHOLDER_HOSTNAME, name, &url);
	taken = strbuf_take(&url);
	strbuf_clear(&url);
	if (taken == NULL)
		return error_no_memory(err);
	*out = taken;
	return STATUS_OK;
}
