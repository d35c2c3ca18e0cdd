/*
 * Sends BOSH bodies (XEP-0124) and reads the stanzas in the answers.
 */
#include "ctl/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "xmpp/bosh.h"

#define POLLS_MAX 16 /* maximum number of requests until the server answers a ping */

enum status trial_open(struct trial *trial, const struct site_conf *conf,
		       const struct chat_session *session, struct error *err)
{
	const struct http_client_options options = {.ca_file = conf->ca_file,
						    .allow_http = conf->upstream_http};
	enum status status;

	*trial = (struct trial){.conf = conf, .url = session->made_at};
	http_answer_init(&trial->answer);
	memcpy(trial->sid, session->sid, sizeof(trial->sid));
	trial->rid = strtoll(session->rid, NULL, 10);
	status = jid_parse(session->jid, &trial->jid, err);
	if (status == STATUS_OK)
		status = http_client_new(&options, &trial->client, err);
	if (status != STATUS_OK)
		return status;
	trial->domain = trial->jid.domain;
	trial->connection = http_connection_borrow(trial->client);
	return trial->connection != NULL ? STATUS_OK : error_no_memory(err);
}

static enum status post(struct trial *trial, const struct strbuf *body, struct error *err)
{
	const struct http_call call = {
	    .url = trial->url,
	    .body = body->data,
	    .body_len = body->len,
	    .content_type = BOSH_CONTENT_TYPE,
	    .deadline_ms = clock_monotonic_ms() + trial->conf->timeout_ms,
	};

	if (!strbuf_ok(body))
		return error_no_memory(err);
	trial->rid++;
	enum status status = http_connection_call(trial->connection, &call, &trial->answer, err);
	if (status == STATUS_OK && trial->answer.status != 200)
		status = error_set(err, STATUS_CHAT_SERVER,
				   "the XMPP server ended the session with HTTP status %d",
				   trial->answer.status);
	return status;
}

/*
 * Calls the function `see` for each stanza in the last answer. For the answer to the ping, sets
 * *answered to true instead.
 */
static enum status read_stanzas(const struct trial *trial, const char *ping, trial_see *see,
				void *arg, bool *answered, struct error *err)
{
	const struct strbuf *body = &trial->answer.body;
	struct xml_node *root = NULL;
	enum status status = xml_parse(body->data, body->len, NULL, &root, err);

	if (status != STATUS_OK)
		return status;
	for (const struct xml_node *node = root->children; node != NULL; node = node->next) {
		const char *id = xml_attr(node, "", "id");

		if (id != NULL && strcmp(id, ping) == 0)
			*answered = true;
		else
			see(arg, node);
	}
	const char *type = xml_attr(root, "", "type");
	if (type != NULL && strcmp(type, "terminate") == 0)
		status = error_set(err, STATUS_CHAT_SERVER, "the XMPP server ended the session");
	xml_free(root);
	return status;
}

enum status trial_say(struct trial *trial, const char *stanzas, trial_see *see, void *arg,
		      struct error *err)
{
	struct strbuf payload, body;
	char ping[TRIAL_ID_MAX];
	bool answered = false;
	enum status status = STATUS_OK;

	snprintf(ping, sizeof(ping), "ping-%u", ++trial->pings);
	strbuf_init(&payload);
	strbuf_init_secret(&body);
	strbuf_adds(&payload, stanzas);
	bosh_ping_write(&payload, ping, trial->domain);
	if (!strbuf_ok(&payload))
		status = error_no_memory(err);
	for (int i = 0; status == STATUS_OK && !answered && i < POLLS_MAX; i++) {
		strbuf_reset(&body);
		bosh_body_write(&body, trial->sid, trial->rid, i == 0 ? payload.data : "");
		status = post(trial, &body, err);
		if (status == STATUS_OK)
			status = read_stanzas(trial, ping, see, arg, &answered, err);
	}
	if (status == STATUS_OK && !answered)
		status = error_set(err, STATUS_CHAT_SERVER,
				   "the XMPP server did not answer a ping in the session");
	if (status != STATUS_OK)
		trial->sid[0] = '\0';
	strbuf_clear(&body);
	strbuf_clear(&payload);
	return status;
}

void trial_close(struct trial *trial)
{
	struct strbuf body;

	if (trial->sid[0] != '\0' && trial->connection != NULL) {
		strbuf_init_secret(&body);
		bosh_terminate_write(&body, trial->sid, trial->rid);
		post(trial, &body, NULL);
		strbuf_clear(&body);
	}
	if (trial->client != NULL) {
		http_connection_return(trial->client, trial->connection);
		http_client_free(trial->client);
		http_answer_clear(&trial->answer);
	}
	jid_clear(&trial->jid);
	secret_wipe(trial->sid, sizeof(trial->sid));
	*trial = (struct trial){0};
}
