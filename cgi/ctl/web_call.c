/*
 * Sends requests to a web server as a browser does, and reads the headers of the answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "ctl/web.h"

enum status web_open(struct web *web, char *url, struct error *err)
{
	const struct http_client_options options = {
	    .ca_file = web->site->conf->ca_file,
	    .allow_http = true, /* no password is sent */
	    .inspect = true,
	    .service = "the web server",
	};

	http_answer_init(&web->answer);
	web->url = url;
	enum status status = http_url_read(url, &web->at, err);
	if (status == STATUS_OK)
		status = http_client_new(&options, &web->client, err);
	if (status == STATUS_OK)
		web->connection = http_connection_borrow(web->client);
	return status == STATUS_OK && web->connection == NULL ? error_no_memory(err) : status;
}

void web_close(struct web *web)
{
	if (web->client != NULL)
		http_connection_return(web->client, web->connection);
	http_client_free(web->client);
	http_answer_clear(&web->answer);
	http_url_clear(&web->at);
	free(web->url);
}

enum status web_get(struct web *web, const char *url, const char *header, struct error *err)
{
	const struct http_call call = {
	    .url = url,
	    .accept = "text/html,*/*;q=0.8",
	    .header = header,
	    .deadline_ms = clock_monotonic_ms() + WEB_CALL_S * 1000,
	};

	return http_connection_call(web->connection, &call, &web->answer, err);
}

enum status web_get_from_page(struct web *web, const char *reference, struct error *err)
{
	char *url = NULL;
	enum status status = http_url_resolve(web->url, reference, &url, err);

	if (status == STATUS_OK)
		status = web_get(web, url, NULL, err);
	free(url);
	return status;
}

int web_header(const struct http_answer *answer, const char *name, char out[WEB_HEADER_MAX])
{
	size_t name_len = strlen(name);
	int count = 0;

	if (out != NULL)
		out[0] = '\0';
	for (const char *line = answer->head.data; *line != '\0';) {
		size_t len = strcspn(line, "\r\n");

		if (len > name_len && line[name_len] == ':' &&
		    strncasecmp(line, name, name_len) == 0) {
			const char *value = line + name_len + 1;
			size_t blanks = strspn(value, " \t");

			if (count == 0 && out != NULL)
				snprintf(out, WEB_HEADER_MAX, "%.*s",
					 (int)(len - name_len - 1 - blanks), value + blanks);
			count++;
		}
		line += len;
		line += strspn(line, "\r\n");
	}
	return count;
}

bool web_is_ours(const struct web *web)
{
	return web_header(&web->answer, "X-Request-Id", NULL) > 0;
}
