/*
 * Puts the values that trusted proxies report into the request: the visitor's address, the scheme
 * and the host. No other file does this.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/request_parts.h"

/*
 * Joins all lines of a header in their order, as RFC 9110, 5.3 allows. Some web servers pass each
 * line as a separate parameter. The last line comes from the proxy nearest to us. The caller frees
 * *out, which is NULL if there are no lines.
 */
static enum status lines_join(const struct raw_request *raw, const char *name, char **out,
			      struct error *err)
{
	size_t len = strlen(name);
	bool found = false;
	struct strbuf text;

	strbuf_init(&text);
	for (size_t i = 0; raw->params[i] != NULL; i++) {
		const char *param = raw->params[i];

		if (strncmp(param, name, len) != 0 || param[len] != '=' || param[len + 1] == '\0')
			continue;
		strbuf_adds(&text, found ? ", " : "");
		strbuf_adds(&text, param + len + 1);
		found = true;
	}
	*out = found ? strbuf_take(&text) : NULL;
	strbuf_clear(&text);
	return found && *out == NULL ? error_no_memory(err) : STATUS_OK;
}

/* The joined headers. All are owned. */
struct lines {
	char *forwarded;
	char *x_for;
	char *x_proto;
	char *x_host;
};

static enum status lines_find(const struct raw_request *raw, struct lines *out, struct error *err)
{
	enum status status = lines_join(raw, "HTTP_FORWARDED", &out->forwarded, err);

	if (status == STATUS_OK)
		status = lines_join(raw, "HTTP_X_FORWARDED_FOR", &out->x_for, err);
	if (status == STATUS_OK)
		status = lines_join(raw, "HTTP_X_FORWARDED_PROTO", &out->x_proto, err);
	if (status == STATUS_OK)
		status = lines_join(raw, "HTTP_X_FORWARDED_HOST", &out->x_host, err);
	return status;
}

static void lines_clear(struct lines *lines)
{
	free(lines->forwarded);
	free(lines->x_for);
	free(lines->x_proto);
	free(lines->x_host);
}

static enum status believe(struct request *req, struct forwarded *said, struct error *err)
{
	req->visitor = said->address;
	said->address = NULL;
	req->visitor_unknown = req->visitor == NULL;
	if (req->visitor != NULL)
		req->remote_addr = req->visitor;
	if (said->proto != NULL && strcasecmp(said->proto, "https") == 0)
		req->https = true;
	else if (said->proto != NULL && strcasecmp(said->proto, "http") == 0)
		req->https = false;
	free(req->host);
	free(req->origin_self);
	req->host = NULL;
	req->origin_self = NULL;
	return request_set_host(said->host != NULL ? said->host : req->host_header, req, err);
}

enum status request_believe_proxies(const struct raw_request *raw,
				    const struct forwarded_trust *trust, struct request *req,
				    struct error *err)
{
	struct forwarded said = {0};
	struct lines lines = {0};

	enum status status = lines_find(raw, &lines, err);
	const struct forwarded_headers headers = {
	    .peer = req->remote_addr,
	    .forwarded = lines.forwarded,
	    .x_for = lines.x_for,
	    .x_proto = lines.x_proto,
	    .x_host = lines.x_host,
	};
	if (status == STATUS_OK)
		status = forwarded_read(&headers, trust, &said, err);
	if (status == STATUS_OK && said.counts)
		status = believe(req, &said, err);
	forwarded_clear(&said);
	lines_clear(&lines);
	return status;
}
