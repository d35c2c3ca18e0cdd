/*
 * The answers of setup. Some answers are given on the command line, in a file or in a form. For
 * every other question, setup asks a person or uses its proposed answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/file.h"
#include "setup/setup.h"
#include "net/http_url.h"

#define ANSWERS_MAX 65536 /* in bytes, for a file with answers */

const char *setup_answer(const struct setup *setup, enum setup_name name)
{
	return setup->answers[name] != NULL ? setup->answers[name] : "";
}

/* Returns NULL if the value is allowed, otherwise the reason why it is not. */
static const char *bad_value(const struct setup_question *question, const char *value)
{
	if (question->words == NULL)
		return question->check(value);
	for (size_t i = 0; question->words[i] != NULL; i++)
		if (strcmp(question->words[i], value) == 0)
			return NULL;
	return "is not an allowed value; see prebindctl setup --help or man prebindctl";
}

static enum status answer_set(struct setup *setup, enum setup_name name, const char *value,
			      struct error *err)
{
	const char *bad = text_has_control(value) ? "has a control character"
						  : bad_value(setup_question(name), value);
	char *copy;

	if (bad != NULL)
		return error_set(err, STATUS_BAD_REQUEST, "%s: '%s' %s", setup_question(name)->name,
				 value, bad);
	copy = strdup(value);
	if (copy == NULL)
		return error_no_memory(err);
	free(setup->answers[name]);
	setup->answers[name] = copy;
	return STATUS_OK;
}

/* ---- keys of [site] that are not an answer to a question ---- */

static struct setup_key *key_find(const struct setup *setup, const char *name)
{
	for (size_t i = 0; i < setup->n_keys; i++)
		if (strcmp(setup->keys[i].name, name) == 0)
			return (struct setup_key *)&setup->keys[i];
	return NULL;
}

const char *setup_key_get(const struct setup *setup, const char *name)
{
	const struct setup_key *key = key_find(setup, name);

	return key != NULL ? key->value : NULL;
}

static enum status key_put(struct setup *setup, const char *name, const char *value, bool given,
			   struct error *err)
{
	/*
	 * A value from the site's files must not contain a line feed, which would start a new line
	 * in our configuration.
	 */
	if (text_has_control(value))
		return error_set(err, STATUS_BAD_REQUEST, "%s: '%s' has a control character", name,
				 value);
	struct setup_key *key = key_find(setup, name);
	if (key != NULL && key->given && !given)
		return STATUS_OK;
	if (key == NULL && setup->n_keys == SETUP_KEYS_MAX)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: setup accepts at most %d keys of the site; add more keys to "
				 "the configuration by hand",
				 name, SETUP_KEYS_MAX);
	struct setup_key made = {.name = strdup(name), .value = strdup(value), .given = given};
	if (made.name == NULL || made.value == NULL) {
		free(made.name);
		free(made.value);
		return error_no_memory(err);
	}
	if (key == NULL)
		key = &setup->keys[setup->n_keys++];
	free(key->name);
	free(key->value);
	*key = made;
	return STATUS_OK;
}

enum status setup_key_set(struct setup *setup, const char *name, const char *value)
{
	return key_put(setup, name, value, false, NULL);
}

/*
 * Removes the keys that setup found in the site's folder. Keys that the operator has given remain.
 */
static void keys_forget(struct setup *setup)
{
	size_t kept = 0;

	for (size_t i = 0; i < setup->n_keys; i++) {
		if (setup->keys[i].given) {
			setup->keys[kept++] = setup->keys[i];
			continue;
		}
		free(setup->keys[i].name);
		free(setup->keys[i].value);
	}
	setup->n_keys = kept;
	setup->names_sql = NULL;
	setup->table_prefix = NULL;
	free(setup->wordpress);
	setup->wordpress = NULL;
}

/* ---- given answers ---- */

enum status setup_given(struct setup *setup, const char *name, const char *value, struct error *err)
{
	for (int i = 0; i < SETUP_COUNT; i++) {
		if (strcmp(setup_question(i)->name, name) != 0)
			continue;
		if (setup->answers[i] != NULL) /* an answer on the command line takes precedence */
			return STATUS_OK;
		return answer_set(setup, (enum setup_name)i, value, err);
	}
	if (conf_key_what(false, name) == NULL)
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "'%s' is neither a name that prebindctl setup accepts nor a key of a site",
		    name);
	if (setup_key_get(setup, name) != NULL)
		return STATUS_OK;
	return key_put(setup, name, value, true, err);
}

/* Parses "NAME=VALUE". Spaces around NAME and VALUE are ignored. Changes the string. */
enum status setup_given_line(struct setup *setup, char *line, struct error *err)
{
	char *value = strchr(line, '=');

	if (value == NULL)
		return error_set(err, STATUS_BAD_REQUEST, "'%s' is not NAME=VALUE", line);
	*value++ = '\0';
	line += strspn(line, " \t");
	for (char *end = line + strlen(line); end > line && strchr(" \t", end[-1]) != NULL;)
		*--end = '\0';
	value += strspn(value, " \t");
	for (char *end = value + strlen(value); end > value && strchr(" \t\r", end[-1]) != NULL;)
		*--end = '\0';
	return setup_given(setup, line, value, err);
}

enum status setup_given_file(struct setup *setup, const char *file, struct error *err)
{
	struct file_found found;
	struct strbuf text;
	char *rest = NULL;
	enum status status = STATUS_OK;
	long number = 0;

	strbuf_init(&text);
	if (file_read(file, FILE_BY_OWNER, ANSWERS_MAX, &text, &found) != FILE_OK)
		status =
		    error_set(err, STATUS_NOT_FOUND,
			      "%s cannot be read, or other users can write to this file", file);
	for (char *line = text.data; status == STATUS_OK && *line != '\0'; line = rest) {
		size_t len = strcspn(line, "\n");
		struct error why = {0};

		rest = line + len + (line[len] == '\n');
		line[len] = '\0';
		number++;
		char *begin = line + strspn(line, " \t\r");
		if (strchr("#;", *begin) != NULL) /* a comment or an empty line */
			continue;
		status = setup_given_line(setup, begin, &why);
		if (status != STATUS_OK)
			error_set(err, status, "%s:%ld: %s", file, number, why.text);
	}
	strbuf_clear(&text);
	return status;
}

/* ---- proposals ---- */

/* Asks a person until the answer is allowed. */
static enum status ask_one(struct setup *setup, enum setup_name name, const char *proposal,
			   struct error *err)
{
	const struct setup_question *question = setup_question(name);
	char line[SETUP_LINE_ROOM];

	for (;;) {
		struct error why = {0};
		enum status status =
		    setup->ask(question->ask, question->words, proposal, line, err);

		if (status != STATUS_OK)
			return status;
		if (answer_set(setup, name, line, &why) == STATUS_OK)
			return STATUS_OK;
		fprintf(setup->say, "  %s\n", why.text);
	}
}

static enum status answer_one(struct setup *setup, enum setup_name name, struct error *err)
{
	const struct setup_question *question = setup_question(name);
	char *proposal;
	enum status status;

	if (setup->answers[name] != NULL) {
		if (name == SETUP_LOGIN)
			setup_find(setup);
		if (name == SETUP_AUTH && setup->xmpp_server == NULL)
			setup_xmpp_find(setup, NULL); /* this sets xmpp_server */
		return STATUS_OK;
	}
	proposal = setup->proposals[name] != NULL ? strdup(setup->proposals[name])
						  : question->propose(setup);
	if (proposal == NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: setup cannot find a value; set %s=VALUE", question->name,
				 question->name);
	if (setup->ask != NULL && question->ask != NULL)
		status = ask_one(setup, name, proposal, err);
	else
		status = answer_set(setup, name, proposal, err);
	if (name == SETUP_XMPP && status == STATUS_OK &&
	    strcmp(setup->answers[name], proposal) != 0)
		setup->xmpp_server = NULL; /* this server was found at the proposed address */
	free(proposal);
	return status;
}

/* ---- keys that an answer requires ---- */

static const struct {
	enum setup_name name;
	const char *answer;
	const char *key;
} needed[] = {
    {SETUP_LOGIN, PROVIDER_SITE_SESSION, "site_database"    },
    {SETUP_LOGIN, PROVIDER_SITE_SESSION, "site_query"       },
    {SETUP_LOGIN, PROVIDER_SITE_SESSION, "site_cookie"      },
    {SETUP_LOGIN, PROVIDER_PHP_SESSION,  "php_session_user" },
    {SETUP_LOGIN, PROVIDER_SITE_HTTP,    "site_http_url"    },
    {SETUP_LOGIN, PROVIDER_SITE_HTTP,    "site_http_cookies"},
    {SETUP_LOGIN, PROVIDER_TOKEN,        "token_key_file"   },
    {SETUP_LOGIN, PROVIDER_TOKEN,        "token_audience"   },
    {SETUP_AUTH,  "tigase",              "tigase_user"      },
    {SETUP_AUTH,  "oauth",               "bosh_oauth_url"   },
};

static enum status need(struct setup *setup, const char *key, struct error *err)
{
	const char *what = conf_key_what(false, key);
	const char *result = setup_key_get(setup, "site_result");
	char line[SETUP_LINE_ROOM];

	/*
	 * WordPress does not need site_cookie, because the secret file contains the cookie's name.
	 */
	if (setup_key_get(setup, key) != NULL ||
	    (result != NULL && strcmp(result, "wordpress") == 0 && strcmp(key, "site_cookie") == 0))
		return STATUS_OK;
	if (setup->ask == NULL) {
		if (setup->n_missing < SETUP_MISSING_MAX)
			setup->missing[setup->n_missing++] = key;
		return STATUS_OK; /* setup_ask reports the first missing key at the end */
	}
	for (;;) {
		struct error why = {0};

		fprintf(setup->say, "\n%s", what);
		enum status status = setup->ask(key, NULL, "", line, err);
		if (status != STATUS_OK)
			return status;
		if (line[0] == '\0')
			error_set(&why, STATUS_BAD_REQUEST, "%s is needed", key);
		else if (key_put(setup, key, line, true, &why) == STATUS_OK)
			return STATUS_OK;
		fprintf(setup->say, "  %s\n", why.text);
	}
}

/* Asks for the keys that the answer to this question requires. */
static enum status need_for(struct setup *setup, enum setup_name name, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t n = 0; n < sizeof(needed) / sizeof(needed[0]) && status == STATUS_OK; n++)
		if (needed[n].name == name && setup_answer_is(setup, name, needed[n].answer))
			status = need(setup, needed[n].key, err);
	if (status == STATUS_OK && name == SETUP_WEB && !setup_web_has_proxy(setup) &&
	    setup_answer_is(setup, SETUP_AUTH, "tigase"))
		status = need(setup, "bosh_url", err);
	return status;
}

enum status setup_ask(struct setup *setup, struct error *err)
{
	enum status status = STATUS_OK;

	if (setup->answers[SETUP_SHARE] == NULL)
		status = answer_one(setup, SETUP_SHARE, err); /* setup_find uses this answer */
	for (int i = 0; i < SETUP_COUNT && status == STATUS_OK; i++) {
		status = answer_one(setup, (enum setup_name)i, err);
		if (i == SETUP_LOGIN && status == STATUS_OK && setup->login_found != NULL &&
		    strcmp(setup->login_found, setup->answers[i]) != 0)
			keys_forget(setup); /* setup found these keys for another provider */
		if (status == STATUS_OK)
			status = need_for(setup, (enum setup_name)i, err);
	}
	if (status != STATUS_OK || setup->n_missing == 0)
		return status;
	const char *key = setup->missing[0];
	return error_set(err, STATUS_BAD_REQUEST,
			 "setup cannot find a value for %s; set %s=VALUE: %s", key, key,
			 conf_key_what(false, key));
}
