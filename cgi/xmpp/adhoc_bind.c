/*
 * Checks an answer to pre-bind-bosh-session. The answer counts as a session only if every field is
 * valid. If the answer has no session, tigase_error.c makes the error text. prebind/tigase.c checks
 * that the session belongs to the requested user.
 */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/secret.h"
#include "xmpp/adhoc_bind.h"
#include "xmpp/jid.h"
#include "xmpp/tigase_error.h"

#define SID_MIN 16 /* bytes, so that nobody can guess a sid, which is secret; Tigase's is a UUID */

void adhoc_bind_write(struct strbuf *out, enum adhoc_format format, const struct adhoc_bind *bind)
{
	char hold[CODEC_DECIMAL_SIZE], wait[CODEC_DECIMAL_SIZE];
	struct adhoc_field fields[] = {
	    ADHOC_FIELD("from", bind->from),
	    ADHOC_FIELD("hold", codec_decimal(hold, bind->hold)),
	    ADHOC_FIELD("wait", codec_decimal(wait, bind->wait)),
	};
	const size_t first = bind->from == NULL ? 1 : 0;

	adhoc_request_write(out, format, ADHOC_NODE, fields + first,
			    sizeof(fields) / sizeof(fields[0]) - first);
}

/* ---- the session ---- */

#define DIGITS "0123456789"

/* True if the text has the form of a sid: ASCII letters, digits and hyphens. */
static bool sid_check(const char *text)
{
	size_t len = strspn(text, DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

	return len >= SID_MIN && len <= ADHOC_SID_MAX && text[len] == '\0';
}

/* The error text does not quote the value, because sid and rid are secrets. */
static enum status refuse_field(const char *var, struct error *err)
{
	return error_set(err, STATUS_CHAT_SERVER,
			 "the %s in Tigase's answer is not in Tigase's format: check tigase_url, "
			 "and check that no proxy changes the answers",
			 var);
}

static size_t count_fields(const struct adhoc_form *form, const char *var)
{
	size_t n = 0;

	for (size_t i = 0; i < form->n_fields; i++)
		n += strcmp(form->fields[i].var, var) == 0;
	return n;
}

/* Sets *out to the value of a field. The field must occur once and have one value. */
static enum status value_read(const struct adhoc_form *form, const char *var, const char **out,
			      struct error *err)
{
	const struct adhoc_field *field = adhoc_form_find(form, var);

	if (count_fields(form, var) > 1)
		return error_set(err, STATUS_CHAT_SERVER,
				 "Tigase's answer has the field %s more than once", var);
	if (field == NULL || field->n_values == 0)
		return error_set(err, STATUS_CHAT_SERVER,
				 "Tigase's answer has no field %s: check that tigase_url is the "
				 "address of Tigase's component bosh",
				 var);
	if (field->n_values > 1)
		return error_set(err, STATUS_CHAT_SERVER,
				 "Tigase's answer has %zu values in the field %s instead of one",
				 field->n_values, var);
	*out = field->value;
	return STATUS_OK;
}

static enum status from_read(const struct adhoc_form *form, char **out, struct error *err)
{
	struct jid jid = {0};
	struct error why = {0};
	const char *from = NULL;
	bool full, refused;
	enum status status = value_read(form, "from", &from, err);

	if (status != STATUS_OK)
		return status;
	status = jid_parse(from, &jid, &why);
	if (status != STATUS_OK)
		return error_set(err, status == STATUS_INTERNAL ? status : STATUS_CHAT_SERVER,
				 "Tigase made a session for a JID that is not valid: %s", why.text);
	full = jid.resource[0] != '\0';
	refused = text_has_markup(jid.resource);
	jid_clear(&jid);
	if (!full)
		return error_set(
		    err, STATUS_CHAT_SERVER,
		    "the JID in the field \"from\" of Tigase's answer has no resource");
	if (refused)
		return error_set(err, STATUS_CHAT_SERVER,
				 "Tigase bound a resource that contains one of the characters & < "
				 "> \" ', which break Tigase's streams: set the key resource to a "
				 "value without these characters");
	*out = strdup(from);
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

static enum status sid_read(const struct adhoc_form *form, char out[ADHOC_SID_MAX + 1],
			    struct error *err)
{
	const char *sid = NULL;
	enum status status = value_read(form, "sid", &sid, err);

	if (status != STATUS_OK)
		return status;
	if (!sid_check(sid))
		return refuse_field("sid", err);
	memcpy(out, sid, strlen(sid) + 1);
	return STATUS_OK;
}

static enum status rid_read(const struct adhoc_form *form, int64_t *out, struct error *err)
{
	const char *text = NULL;
	int64_t rid = 0;
	enum status status = value_read(form, "rid", &text, err);

	if (status != STATUS_OK)
		return status;
	if (text[0] == '\0' || strlen(text) > ADHOC_RID_MAX || text[strspn(text, DIGITS)] != '\0')
		return refuse_field("rid", err);
	for (; *text != '\0'; text++)
		rid = rid * 10 + (*text - '0');
	if (rid > ADHOC_RID_LIMIT)
		return refuse_field("rid", err);
	*out = rid;
	return STATUS_OK;
}

static enum status hostname_read(const struct adhoc_form *form, char out[ADHOC_HOSTNAME_MAX + 1],
				 struct error *err)
{
	const struct adhoc_field *field = adhoc_form_find(form, "hostname");
	const char *hostname = NULL;
	enum status status;

	if (field == NULL)
		return STATUS_OK;
	status = value_read(form, "hostname", &hostname, err);
	if (status != STATUS_OK)
		return status;
	if (!adhoc_hostname_check(hostname))
		return refuse_field("hostname", err);
	memcpy(out, hostname, strlen(hostname) + 1);
	return STATUS_OK;
}

static enum status session_read(const struct adhoc_form *form, struct adhoc_session *out,
				struct error *err)
{
	enum status status = tigase_bind_check(form, err);

	if (status == STATUS_OK)
		status = from_read(form, &out->from, err);
	if (status == STATUS_OK)
		status = sid_read(form, out->sid, err);
	if (status == STATUS_OK)
		status = rid_read(form, &out->rid, err);
	if (status == STATUS_OK)
		status = hostname_read(form, out->hostname, err);
	return status;
}

enum status adhoc_bind_read(enum adhoc_format format, const struct adhoc_answer *answer,
			    struct adhoc_session *out, struct error *err)
{
	struct adhoc_session session = {0};
	struct adhoc_form form = {0};
	enum status status = adhoc_answer_read(format, answer, &form, err);

	if (status != STATUS_OK)
		return status;
	status = session_read(&form, &session, err);
	adhoc_form_clear(&form);
	if (status == STATUS_OK)
		*out = session;
	else
		adhoc_session_clear(&session);
	return status;
}

bool adhoc_bind_refused(enum adhoc_format format, const struct adhoc_answer *answer)
{
	struct adhoc_form form = {0};
	bool refused;

	if (adhoc_answer_read(format, answer, &form, NULL) != STATUS_OK)
		return false;
	refused = form.node != NULL && strcmp(form.node, ADHOC_NODE) == 0 &&
		  adhoc_form_find(&form, "sid") == NULL && !tigase_bind_failed(&form) &&
		  tigase_bind_check(&form, NULL) != STATUS_OK;
	adhoc_form_clear(&form);
	return refused;
}

void adhoc_session_clear(struct adhoc_session *session)
{
	free(session->from);
	secret_wipe(session, sizeof(*session));
}
