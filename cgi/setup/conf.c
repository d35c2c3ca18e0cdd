/*
 * Writes the text of prebind.conf from the answers. Each key comes after a comment line with its
 * description from conf/keys.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "setup/setup.h"
#include "net/http_url.h"

struct writer {
	const struct setup *setup;
	struct strbuf *out;
	bool server; /* true while the section [server] is written */
};

static void put_line(const struct writer *w, const char *name, const char *value)
{
	const char *what = conf_key_what(w->server, name);

	strbuf_addf(w->out, "; %s\n%s = %s\n", what != NULL ? what : "", name, value);
}

/* Writes a key that results from an answer. Does nothing if the operator has given this key. */
static void put(const struct writer *w, const char *name, const char *value)
{
	if (w->server || setup_key_get(w->setup, name) == NULL)
		put_line(w, name, value);
}

/* Writes a key whose value is the path of a file in the configuration's folder. */
static void put_file(const struct writer *w, const char *name, const char *file)
{
	struct strbuf path;

	strbuf_init(&path);
	strbuf_addf(&path, "%s/%s", w->setup->folder, file);
	if (strbuf_ok(&path))
		put(w, name, path.data);
	else
		w->out->failed = true;
	strbuf_clear(&path);
}

char *setup_mount(const struct setup *setup)
{
	struct http_url at = {0};
	char *mount;

	if (http_url_read(setup_answer(setup, SETUP_URL), &at, NULL) != STATUS_OK)
		return NULL;
	size_t len = strlen(at.path);
	while (len > 0 && at.path[len - 1] == '/')
		len--;
	mount = strndup(at.path, len);
	http_url_clear(&at);
	return mount;
}

static void put_server(const struct writer *w)
{
	const struct setup *setup = w->setup;

	strbuf_adds(w->out, "[server]\n");
	if (setup_answer(setup, SETUP_PROXIES)[0] != '\0')
		put(w, "trusted_proxies", setup_answer(setup, SETUP_PROXIES));
	if (!setup_web_has_socket(setup))
		return;
	put(w, "listen", setup_answer(setup, SETUP_LISTEN));
	if (setup_answer(setup, SETUP_USER)[0] != '\0')
		put(w, "user", setup_answer(setup, SETUP_USER));
	put(w, "peer_users", setup_answer(setup, SETUP_WEB_USER));
}

static void put_place(const struct writer *w)
{
	struct http_url at = {0};
	char *mount = setup_mount(w->setup);

	http_url_read(setup_answer(w->setup, SETUP_URL), &at, NULL);
	if (mount == NULL || at.host == NULL) {
		w->out->failed = true;
	} else {
		put(w, "hosts", at.host);
		put(w, "base_path", mount[0] != '\0' ? mount : "/");
	}
	http_url_clear(&at);
	free(mount);
}

/* Writes the keys of the back end. The answer to SETUP_AUTH decides which keys are needed. */
static void put_backend(const struct writer *w)
{
	const char *auth = setup_answer(w->setup, SETUP_AUTH);
	const char *url = setup_answer(w->setup, SETUP_XMPP);

	if (strcmp(auth, "tigase") == 0) {
		put(w, "backend", "tigase");
		put(w, "tigase_url", url);
		put_file(w, "tigase_password_file", "tigase.password");
		return;
	}
	put(w, "backend", "bosh");
	put(w, "bosh_service", url);
	if (!setup_web_has_proxy(w->setup))
		put(w, "bosh_url", url);
	put(w, "bosh_auth", auth);
	if (strcmp(auth, "token") == 0)
		put_file(w, "bosh_token_key_file", "bosh.key");
	if (strcmp(auth, "jwt") == 0)
		put_file(w, "bosh_jwt_key_file", "bosh.key");
}

void setup_conf_write(const struct setup *setup, struct strbuf *out)
{
	struct writer w = {.setup = setup, .out = out, .server = true};

	put_server(&w);
	w.server = false;
	strbuf_adds(out, "\n[site default]\n");
	put_place(&w);
	put(&w, "database", setup_answer(setup, SETUP_DATABASE));
	put(&w, "templates", setup_answer(setup, SETUP_TEMPLATES));
	put(&w, "identity", setup_answer(setup, SETUP_LOGIN));
	put(&w, "jid", setup_answer(setup, SETUP_JID));
	put_backend(&w);
	for (size_t i = 0; i < setup->n_keys; i++)
		put_line(&w, setup->keys[i].name, setup->keys[i].value);
}
