/*
 * Finds the XMPP server: tries the usual addresses on this machine, and prints which server
 * answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "setup/setup.h"
#include "net/http_client.h"
#include "xmpp/bosh.h"

#define TRY_MS  3000
#define RID_BIT 0x80000000u
#define WAIT_S  5

/* The usual addresses. %s stands for the domain. */
static const char *const usual[] = {
    "http://127.0.0.1:8080/rest/adhoc/bosh@%s", /* Tigase */
    "http://127.0.0.1:5280/http-bind", /* Prosody; also ejabberd if set up as in docs/ejabberd.md */
    "http://127.0.0.1:5280/bosh",      /* ejabberd */
    "https://127.0.0.1:5443/bosh",
};

struct trial {
	struct setup *setup;
	struct http_connection *connection;
	struct http_answer answer;
	const char *url;
};

static bool is_rest(const char *url)
{
	return strstr(url, "/rest/") != NULL;
}

static enum status call(struct trial *trial, const struct strbuf *body, struct error *err)
{
	const struct http_call what = {
	    .url = trial->url,
	    .body = body != NULL ? body->data : NULL,
	    .body_len = body != NULL ? body->len : 0,
	    .content_type = body != NULL ? BOSH_CONTENT_TYPE : NULL,
	    .deadline_ms = clock_monotonic_ms() + TRY_MS,
	};

	return http_connection_call(trial->connection, &what, &trial->answer, err);
}

/*
 * True if Tigase answers. Statuses 401 and 403 count, because Tigase asks for a password or an API
 * key.
 */
static bool try_rest(struct trial *trial)
{
	struct error err = {0};
	bool ok = call(trial, NULL, &err) == STATUS_OK &&
		  (trial->answer.status == 200 || trial->answer.status == 401 ||
		   trial->answer.status == 403);

	if (ok) {
		trial->setup->xmpp_server = "tigase";
		fprintf(trial->setup->say, "  %s answers %d, as Tigase's REST interface does\n",
			trial->url, trial->answer.status);
	} else if (trial->answer.status != 0) {
		fprintf(trial->setup->say, "  %s answers %d\n", trial->url, trial->answer.status);
	} else {
		fprintf(trial->setup->say, "  %s\n", err.text);
	}
	return ok;
}

/* Returns the server's name, which is in the page that a BOSH service shows to browsers. */
static const char *server_name(struct trial *trial)
{
	if (call(trial, NULL, NULL) != STATUS_OK)
		return "other";
	if (strcasestr(trial->answer.body.data, "prosody") != NULL)
		return "prosody";
	return strcasestr(trial->answer.body.data, "ejabberd") != NULL ? "ejabberd" : "other";
}

static void end_session(struct trial *trial, const char *sid, int64_t rid)
{
	struct strbuf body;

	strbuf_init_secret(&body);
	bosh_terminate_write(&body, sid, rid);
	if (strbuf_ok(&body))
		call(trial, &body, NULL);
	strbuf_clear(&body);
}

static bool try_bosh(struct trial *trial)
{
	const char *domain = setup_answer(trial->setup, SETUP_DOMAIN);
	struct bosh_answer answer = {0};
	struct error err = {0};
	struct strbuf body;
	uint32_t random;

	secret_random(&random, sizeof(random));
	const struct bosh_create create = {
	    .domain = domain, .rid = random | RID_BIT, .hold = 1, .wait = WAIT_S};
	strbuf_init_secret(&body);
	bosh_create_write(&body, &create);
	enum status status = strbuf_ok(&body) ? call(trial, &body, &err) : STATUS_INTERNAL;
	strbuf_clear(&body);
	if (status == STATUS_OK && trial->answer.status != 200)
		status = error_set(&err, STATUS_CHAT_SERVER, "it answers %d", trial->answer.status);
	if (status == STATUS_OK)
		status = bosh_answer_read(trial->answer.body.data, trial->answer.body.len, &answer,
					  &err);
	if (status == STATUS_OK) {
		end_session(trial, answer.sid, create.rid + 1);
		trial->setup->xmpp_server = server_name(trial);
		fprintf(trial->setup->say, "  %s serves the domain %s (%s), and offers %s\n",
			trial->url, domain, trial->setup->xmpp_server,
			answer.mechanisms[0] != '\0' ? answer.mechanisms : "no way to log in");
	} else {
		fprintf(trial->setup->say, "  %s: %s\n", trial->url, err.text);
	}
	bosh_answer_clear(&answer);
	return status == STATUS_OK;
}

static bool try(struct trial *trial, const char *url)
{
	trial->url = url;
	return is_rest(url) ? try_rest(trial) : try_bosh(trial);
}

/* Returns the first usual address that answers, or NULL if none does. The caller frees it. */
static char *try_usual(struct trial *trial)
{
	const char *domain = setup_answer(trial->setup, SETUP_DOMAIN);

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		struct strbuf url;

		strbuf_init(&url);
		const char *place = strstr(usual[i], "%s");
		strbuf_add(&url, usual[i],
			   place != NULL ? (size_t)(place - usual[i]) : strlen(usual[i]));
		strbuf_adds(&url, place != NULL ? domain : "");
		if (strbuf_ok(&url) && try(trial, url.data))
			return strbuf_take(&url);
		strbuf_clear(&url);
	}
	return NULL;
}

/*
 * Finds a server that is installed but does not answer. Setup can use this server, because the
 * configuration part that setup writes will enable BOSH.
 */
static void installed_here(struct setup *setup)
{
	static const struct {
		const char *file;
		const char *server;
	} servers[] = {
	    {"/etc/prosody/prosody.cfg.lua", "prosody" },
	    {"/etc/ejabberd/ejabberd.yml",   "ejabberd"},
	};

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		if (access(servers[i].file, F_OK) != 0)
			continue;
		setup->xmpp_server = servers[i].server;
		fprintf(setup->say,
			"  %s is installed on this machine; the file that setup writes for this "
			"server enables BOSH\n",
			servers[i].server);
		return;
	}
}

void setup_xmpp_find(struct setup *setup, char **out)
{
	const char *ca_file = setup_key_get(setup, "ca_file");
	const struct http_client_options options = {.ca_file = ca_file != NULL ? ca_file : "",
						    .allow_http = true};
	const char *given = setup_answer(setup, SETUP_XMPP);
	struct trial trial = {.setup = setup};
	struct http_client *client = NULL;
	struct error err = {0};
	char *found = NULL;
	enum status status = http_client_new(&options, &client, &err);

	http_answer_init(&trial.answer);
	trial.connection = status == STATUS_OK ? http_connection_borrow(client) : NULL;
	if (status == STATUS_OK && trial.connection == NULL)
		status = error_no_memory(&err);
	if (status != STATUS_OK)
		fprintf(setup->say, "  setup cannot look for an XMPP server: %s\n", err.text);
	else if (given[0] != '\0')
		try(&trial, given);
	else if ((found = try_usual(&trial)) == NULL)
		installed_here(setup);
	if (out != NULL)
		*out = found;
	else
		free(found);
	http_connection_return(client, trial.connection);
	http_answer_clear(&trial.answer);
	http_client_free(client);
}
