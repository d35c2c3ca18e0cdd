/*
 * The addresses of databases, networks, and addresses of peers. Oracles: parts that are accepted
 * have no control character, each host is one host, and an address is in its own network.
 */
#include "fuzz.h"

#include "base/address.h"
#include "conf/site_uri.h"

static void check(const struct site_uri *uri)
{
	const char *const parts[] = {uri->user, uri->host, uri->port, uri->socket,
				     uri->name, uri->ca,   uri->role};

	if (uri->kind == SITE_URI_PATH)
		return;
	for (size_t i = 0; i < 7; i++)
		ORACLE(parts[i] != NULL && !text_has_control(parts[i]));
	ORACLE(strspn(uri->port, "0123456789,") == strlen(uri->port));
	ORACLE(uri->host[0] != '\0' || uri->socket[0] != '\0' || uri->local);
	ORACLE(uri->kind == SITE_URI_POSTGRESQL || site_uri_hosts(uri) == 1);
	for (size_t i = 0; i < site_uri_hosts(uri); i++) {
		struct site_uri_host one = site_uri_host(uri, i);
		char *host = strndup(one.host, one.host_len);

		ORACLE(host != NULL && one.port_len <= 5);
		ORACLE(site_uri_hosts(uri) == 1 || host[0] != '\0');
		ORACLE(!uri->local || host[0] == '\0' || address_is_loopback(host) ||
		       strcasecmp(host, "localhost") == 0 || uri->socket[0] != '\0');
		free(host);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct site_uri uri = {0};
	struct address_net net;
	struct error err = {0};

	if (site_uri_parse(text, &uri, &err) == STATUS_OK) {
		ORACLE(site_uri_kind(text) == uri.kind);
		check(&uri);
	} else {
		ORACLE(err.text[0] != '\0');
	}
	site_uri_clear(&uri);
	site_uri_check(text);
	if (address_net_parse(text, &net, NULL) == STATUS_OK && strchr(text, '/') == NULL)
		ORACLE(address_in_net(text, &net) && address_is_valid(text));
	ORACLE(!address_is_loopback(text) || strchr(text, '.') != NULL ||
	       strchr(text, ':') != NULL);
	free(text);
	return 0;
}
