/*
 * Reads the site's answer. Treats anything unexpected as an error, because a guess could log the
 * visitor in as a different user.
 */
#include "identity/site_http_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

/* the end of the year 9999 in seconds; a time in milliseconds is larger, so it is refused */
#define EXPIRES_MAX 253402300799LL

#define N_TEXTS 5

/* The names of the string members, in the order of texts_of. */
static const char *const text_names[N_TEXTS] = {"user", "display_name", "jid", "email", "id"};

static void texts_of(struct site_answer *answer, char **texts[N_TEXTS])
{
	texts[0] = &answer->user;
	texts[1] = &answer->display_name;
	texts[2] = &answer->jid;
	texts[3] = &answer->email;
	texts[4] = &answer->id;
}

void site_answer_clear(struct site_answer *answer)
{
	char **texts[N_TEXTS];

	texts_of(answer, texts);
	for (size_t i = 0; i < N_TEXTS; i++)
		free(*texts[i]);
	*answer = (struct site_answer){0};
}

enum status site_answer_copy(const struct site_answer *from, struct site_answer *to,
			     struct error *err)
{
	struct site_answer source = *from; /* a copy, because texts_of takes no pointer to const */
	struct site_answer copy = {.known = from->known, .expires = from->expires};
	char **texts[N_TEXTS], **copies[N_TEXTS];

	texts_of(&source, texts);
	texts_of(&copy, copies);
	for (size_t i = 0; i < N_TEXTS; i++) {
		if (*texts[i] == NULL)
			continue;
		*copies[i] = strdup(*texts[i]);
		if (*copies[i] == NULL) {
			site_answer_clear(&copy);
			return error_no_memory(err);
		}
	}
	*to = copy;
	return STATUS_OK;
}

/* ---- reading ---- */

static enum status text_read(const struct json *root, const char *name, char **out,
			     struct error *err)
{
	const struct json *value = json_member(root, name);
	const char *text = json_string(value);

	if (value == NULL || json_is_null(value))
		return STATUS_OK;
	if (text == NULL)
		return error_set(err, STATUS_UNAVAILABLE,
				 "answers with a member \"%s\" that is neither a string nor null; "
				 "write the value in quotes",
				 name);
	*out = strdup(text);
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

static enum status expires_read(const struct json *root, int64_t *out, struct error *err)
{
	const struct json *value = json_member(root, "expires");
	long long seconds = 0;

	if (value == NULL || json_is_null(value))
		return STATUS_OK;
	if (!json_floor(value, &seconds) || seconds < 1 || seconds > EXPIRES_MAX)
		return error_set(err, STATUS_UNAVAILABLE,
				 "answers with a member \"expires\" that is not a number of "
				 "seconds since 1970 (divide milliseconds by 1000)");
	*out = seconds;
	return STATUS_OK;
}

static enum status object_read(const struct json *root, struct site_answer *out, struct error *err)
{
	char **texts[N_TEXTS];
	enum status status = STATUS_OK;

	if (!json_is_object(root) || json_member(root, "user") == NULL)
		return error_set(err, STATUS_UNAVAILABLE,
				 "answers with JSON that has no member \"user\"");
	texts_of(out, texts);
	for (size_t i = 0; status == STATUS_OK && i < N_TEXTS; i++)
		status = text_read(root, text_names[i], texts[i], err);
	if (status == STATUS_OK)
		status = expires_read(root, &out->expires, err);
	return status;
}

static enum status json_read(const struct http_answer *http, int64_t now, struct site_answer *out,
			     struct error *err)
{
	struct site_answer answer = {0};
	struct json *root = NULL;
	struct error why = {0};

	enum status status = json_parse(http->body.data, http->body.len, &root, &why);
	if (status == STATUS_INTERNAL)
		return error_no_memory(err);
	if (status != STATUS_OK)
		return error_set(err, STATUS_UNAVAILABLE,
				 "answered with HTTP 200, but the body is not JSON: %s", why.text);
	status = object_read(root, &answer, err);
	json_free(root);
	if (status != STATUS_OK) {
		site_answer_clear(&answer);
		return status;
	}
	answer.known = answer.user != NULL && answer.user[0] != '\0' &&
		       (answer.expires == 0 || answer.expires > now);
	if (!answer.known)
		site_answer_clear(&answer);
	*out = answer;
	return STATUS_OK;
}

static enum status refuse(const struct http_answer *http, struct error *err)
{
	const char *advice = "see the site's log";

	if (http->status >= 300 && http->status < 400)
		advice = "prebind does not follow redirects; make the site answer 401 if nobody is "
			 "logged in";
	else if (http->status == 404)
		advice = "check the path";
	else if (http->status == 400 || http->status == 403 || http->status == 421)
		advice = "the site must accept its own Host header, and must not require a "
			 "password for requests from this machine";
	return error_set(err, STATUS_UNAVAILABLE, "answers %d: %s", http->status, advice);
}

enum status site_answer_read(const struct http_answer *http, int64_t now, struct site_answer *out,
			     struct error *err)
{
	if (http->status == 401 || http->status == 204) {
		*out = (struct site_answer){0};
		return STATUS_OK;
	}
	if (http->status != 200)
		return refuse(http, err);
	if (strncasecmp(http->content_type, "text/html", strlen("text/html")) == 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "answers with a page (text/html) instead of JSON; check the path, "
				 "and make the site answer 401 instead of sending a login page");
	return json_read(http, now, out, err);
}
