/*
 * Turns Forwarded or X-Forwarded-… into a list of hops, one for each proxy. The proxy nearest to
 * the visitor comes first. Both kinds of headers give the same kind of list, so one function, walk,
 * can evaluate both.
 */
#include "web/forwarded.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/strbuf.h"

#define BLANKS " \t"

/*
 * What one proxy reports about the connection that it accepted. The members are owned; each is NULL
 * if not reported.
 */
struct hop {
	char *node;
	char *proto;
	char *host;
};

struct hops {
	struct hop items[FORWARDED_HOPS_MAX];
	size_t count;
};

static void hops_clear(struct hops *hops)
{
	for (size_t i = 0; i < FORWARDED_HOPS_MAX; i++) {
		free(hops->items[i].node);
		free(hops->items[i].proto);
		free(hops->items[i].host);
	}
}

static enum status too_many(const char *header, struct error *err)
{
	return error_set(err, STATUS_BAD_REQUEST, "%s lists more than %d proxies", header,
			 FORWARDED_HOPS_MAX);
}

/* ---- Forwarded: RFC 7239, 4 ---- */

static enum status malformed(struct error *err)
{
	return error_set(err, STATUS_BAD_REQUEST,
			 "the header Forwarded is malformed (RFC 7239); if visitors can send this "
			 "header, make the proxy remove the header");
}

static size_t token_length(const char *text)
{
	return strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* Reads a token or a quoted string at *at, and advances *at. Returns false if there is neither. */
static bool value_read(const char **at, struct strbuf *out)
{
	size_t len = token_length(*at);

	strbuf_add(out, *at, len);
	*at += len;
	if (len > 0 || **at != '"')
		return len > 0;
	for ((*at)++; **at != '"'; (*at)++) {
		if (**at == '\\')
			(*at)++;
		if (**at == '\0')
			return false;
		strbuf_addc(out, **at);
	}
	(*at)++;
	return true;
}

/* Returns where to store the value of the parameter, or NULL if it is not needed. */
static char **parameter_of(struct hop *hop, const char *name, size_t len)
{
	if (len == strlen("for") && strncasecmp(name, "for", len) == 0)
		return &hop->node;
	if (len == strlen("proto") && strncasecmp(name, "proto", len) == 0)
		return &hop->proto;
	if (len == strlen("host") && strncasecmp(name, "host", len) == 0)
		return &hop->host;
	return NULL;
}

/* Reads name=value at *at. A parameter can occur only once in a hop. */
static enum status pair_read(const char **at, struct hop *hop, struct error *err)
{
	size_t len = token_length(*at);
	char **field = parameter_of(hop, *at, len);
	struct strbuf value;

	if (len == 0 || (*at)[len] != '=')
		return malformed(err);
	*at += len + 1;
	strbuf_init(&value);
	bool read = value_read(at, &value) && (field == NULL || *field == NULL);
	if (read && field != NULL) {
		*field = strbuf_take(&value);
		if (*field == NULL)
			return error_no_memory(err);
	}
	strbuf_clear(&value);
	return read ? STATUS_OK : malformed(err);
}

static enum status forwarded_parse(const char *text, struct hops *hops, struct error *err)
{
	bool used = false; /* true if the hop has a parameter; only such a hop is counted */

	for (const char *at = text + strspn(text, BLANKS); *at != '\0'; at += strspn(at, BLANKS)) {
		if (*at == ',' || *at == ';') {
			hops->count += *at == ',' && used;
			used = used && *at == ';';
			at++;
			continue;
		}
		if (hops->count == FORWARDED_HOPS_MAX)
			return too_many("Forwarded", err);
		enum status status = pair_read(&at, &hops->items[hops->count], err);
		if (status != STATUS_OK)
			return status;
		used = true;
		at += strspn(at, BLANKS);
		if (*at != '\0' && *at != ',' && *at != ';')
			return malformed(err);
	}
	hops->count += used;
	return STATUS_OK;
}

/* ---- X-Forwarded-… ---- */

/* Appends the words of a list to words. Returns false if there are too many, or out of memory. */
static bool list_read(const char *text, char *words[FORWARDED_HOPS_MAX], size_t *count)
{
	for (const char *at = text; text != NULL && *at != '\0';) {
		at += strspn(at, BLANKS ",");
		size_t len = strcspn(at, ",");
		const char *next = at + len;

		while (len > 0 && strchr(BLANKS, at[len - 1]) != NULL)
			len--;
		if (len == 0)
			break;
		if (*count == FORWARDED_HOPS_MAX)
			return false;
		words[*count] = strndup(at, len);
		if (words[*count] == NULL)
			return false;
		(*count)++;
		at = next;
	}
	return true;
}

/*
 * Returns a copy of the word for hop i of n. If there are as many words as hops, word i belongs to
 * hop i. Otherwise the last word is used, which the proxy nearest to us wrote. Returns NULL if
 * there are no words. The caller frees the copy.
 */
static char *word_dup(char *words[FORWARDED_HOPS_MAX], size_t count, size_t i, size_t n)
{
	size_t which = count == n ? i : count - 1;

	return count > 0 ? strdup(words[which]) : NULL;
}

static void words_clear(char *words[FORWARDED_HOPS_MAX], size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(words[i]);
}

/* Without X-Forwarded-For there is one hop, and the visitor's address is not known. */
static enum status x_parse(const struct forwarded_headers *headers, struct hops *hops,
			   struct error *err)
{
	char *nodes[FORWARDED_HOPS_MAX], *protos[FORWARDED_HOPS_MAX], *hosts[FORWARDED_HOPS_MAX];
	size_t n_nodes = 0, n_protos = 0, n_hosts = 0;

	bool read = list_read(headers->x_for, nodes, &n_nodes) &&
		    list_read(headers->x_proto, protos, &n_protos) &&
		    list_read(headers->x_host, hosts, &n_hosts);
	hops->count = n_nodes > 0 ? n_nodes : 1;
	for (size_t i = 0; read && i < hops->count; i++)
		hops->items[i] = (struct hop){
		    .node = word_dup(nodes, n_nodes, i, n_nodes),
		    .proto = word_dup(protos, n_protos, i, hops->count),
		    .host = word_dup(hosts, n_hosts, i, hops->count),
		};
	words_clear(nodes, n_nodes);
	words_clear(protos, n_protos);
	words_clear(hosts, n_hosts);
	return read ? STATUS_OK : too_many("X-Forwarded-For, -Proto or -Host", err);
}

/* ---- which hop counts ---- */

/* True for ":4711" and ":_name" (RFC 7239, 6.1). */
static bool is_port(const char *text)
{
	size_t digits = strspn(text + 1, "0123456789");
	bool number = digits >= 1 && digits <= 5 && text[1 + digits] == '\0';

	return text[0] == ':' && (number || text[1] == '_');
}

/*
 * Returns the address of "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]" or
 * "[2001:db8::1]:4711"; the caller frees it. Returns NULL for any other text, or if out of memory.
 */
static char *node_address(const char *node)
{
	bool bracket = node[0] == '[';
	size_t len = bracket ? strcspn(node, "]") : strcspn(node, ":");
	const char *rest = node + len;
	char *address;

	if (address_is_valid(node))
		return strdup(node);
	if (bracket && *rest != ']')
		return NULL;
	rest += bracket;
	if (*rest != '\0' && !is_port(rest))
		return NULL;
	address = bracket ? strndup(node + 1, len - 1) : strndup(node, len);
	/* only an IPv6 address, which has a colon, can be in brackets */
	if (address != NULL &&
	    (!address_is_valid(address) || (strchr(address, ':') != NULL) != bracket)) {
		free(address);
		return NULL;
	}
	return address;
}

static bool is_trusted(const struct forwarded_trust *trust, const char *address)
{
	for (size_t i = 0; i < trust->count; i++) {
		struct address_net net;

		if (address_net_parse(trust->items[i], &net, NULL) == STATUS_OK &&
		    address_in_net(address, &net))
			return true;
	}
	return false;
}

static void walk(struct hops *hops, const struct forwarded_trust *trust, struct forwarded *out)
{
	for (size_t i = hops->count; i-- > 0;) {
		struct hop *hop = &hops->items[i];

		free(out->address);
		out->address = hop->node != NULL ? node_address(hop->node) : NULL;
		if (i > 0 && out->address != NULL && is_trusted(trust, out->address))
			continue;
		out->proto = hop->proto;
		out->host = hop->host;
		hop->proto = hop->host = NULL;
		return;
	}
}

/* ---- both kinds of headers ---- */

void forwarded_clear(struct forwarded *forwarded)
{
	free(forwarded->address);
	free(forwarded->proto);
	free(forwarded->host);
	*forwarded = (struct forwarded){0};
}

static bool differ(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcasecmp(a, b) != 0;
}

/*
 * Returns true if the two kinds of headers contradict each other. The visitor can then have sent
 * one kind, and we cannot know which kind.
 */
static bool contradict(const struct forwarded *a, const struct forwarded *b)
{
	bool one_knows = (a->address == NULL) != (b->address == NULL);

	return one_knows || differ(a->address, b->address) || differ(a->proto, b->proto) ||
	       differ(a->host, b->host);
}

static void fill_in(char **to, char **from)
{
	if (*to != NULL)
		return;
	*to = *from;
	*from = NULL;
}

static enum status kind_read(const struct forwarded_headers *headers, bool x,
			     const struct forwarded_trust *trust, struct forwarded *out,
			     struct error *err)
{
	struct hops *hops = calloc(1, sizeof(*hops));

	if (hops == NULL)
		return error_no_memory(err);
	enum status status =
	    x ? x_parse(headers, hops, err) : forwarded_parse(headers->forwarded, hops, err);
	if (status == STATUS_OK)
		walk(hops, trust, out);
	hops_clear(hops);
	free(hops);
	return status;
}

enum status forwarded_read(const struct forwarded_headers *headers,
			   const struct forwarded_trust *trust, struct forwarded *out,
			   struct error *err)
{
	bool x = headers->x_for != NULL || headers->x_proto != NULL || headers->x_host != NULL;
	struct forwarded other = {0};
	enum status status = STATUS_OK;

	*out = (struct forwarded){0};
	if ((!x && headers->forwarded == NULL) || !is_trusted(trust, headers->peer))
		return STATUS_OK;
	out->counts = true;
	if (headers->forwarded != NULL)
		status = kind_read(headers, false, trust, out, err);
	if (status == STATUS_OK && x)
		status = kind_read(headers, true, trust, &other, err);
	if (status == STATUS_OK && x && headers->forwarded != NULL && contradict(out, &other))
		status =
		    error_set(err, STATUS_BAD_REQUEST,
			      "the headers Forwarded and X-Forwarded-… contradict each other; make "
			      "the proxy (%s) remove the header that the proxy does not set",
			      headers->peer);
	fill_in(&out->address, &other.address);
	fill_in(&out->proto, &other.proto);
	fill_in(&out->host, &other.host);
	forwarded_clear(&other);
	return status;
}
