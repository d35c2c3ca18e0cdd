/*
 * Reads the formats of django.core.signing and django.contrib.sessions:
 * "[.]BASE64:TIMESTAMP:SIGNATURE". BASE64 and SIGNATURE are base64url without padding. A leading
 * dot means that the JSON is compressed.
 */
#include "identity/django_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/inflate.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "sitedb/site_rows.h"

#define SIGNER_SALT                                                                                \
	"django.contrib.sessions.SessionStore"                                                     \
	"signer"
/* the first byte of a pickle (protocol 2 or later); JSON never begins with it */
#define PICKLE_MARK '\x80'
#define HASH_SALT   "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"

/* ---- the keys ---- */

void django_keys_clear(struct django_keys *keys)
{
	strbuf_clear(&keys->text);
	*keys = (struct django_keys){0};
}

static enum status add_key(struct django_keys *keys, char *line, const char *file,
			   struct error *err)
{
	size_t len = strlen(line);

	if (len > 0 && line[len - 1] == '\r')
		line[--len] = '\0';
	if (len == 0)
		return STATUS_OK;
	if (keys->count == DJANGO_KEYS_MAX)
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: the file contains more than %d keys; keep only SECRET_KEY "
				 "and the newest of SECRET_KEY_FALLBACKS",
				 file, DJANGO_KEYS_MAX);
	keys->items[keys->count++] = line;
	return STATUS_OK;
}

enum status django_keys_read(const char *file, struct django_keys *out, struct error *err)
{
	struct django_keys keys = {0};

	strbuf_init_secret(&keys.text);
	enum status status = secret_lines_read(file, &keys.text, err);
	char *rest = status == STATUS_OK ? keys.text.data : NULL;
	while (rest != NULL && status == STATUS_OK)
		status = add_key(&keys, strsep(&rest, "\n"), file, err);
	if (status == STATUS_OK && keys.count == 0)
		status = error_set(err, STATUS_BAD_REQUEST,
				   "%s: contains no key; write Django's SECRET_KEY into this file",
				   file);
	if (status == STATUS_OK)
		*out = keys;
	else
		django_keys_clear(&keys);
	return status;
}

/* ---- the signature ---- */

/*
 * Computes the same MAC as django.utils.crypto.salted_hmac with SHA-256. The MAC's key is the
 * digest of salt followed by secret_key.
 */
static enum status salted_hmac(const char *salt, const char *secret_key,
			       const struct secret_part *text, unsigned char out[SECRET_SHA256_LEN])
{
	unsigned char key[SECRET_SHA256_LEN];
	struct strbuf joined;

	_Static_assert(SECRET_KEY_LEN == SECRET_SHA256_LEN, "a digest is a key");
	strbuf_init_secret(&joined);
	strbuf_adds(&joined, salt);
	strbuf_adds(&joined, secret_key);
	bool ok = strbuf_ok(&joined);
	if (ok) {
		secret_sha256(key, joined.data, joined.len);
		secret_hmac(out, key, text, 1);
		secret_wipe(key, sizeof(key));
	}
	strbuf_clear(&joined);
	return ok ? STATUS_OK : STATUS_INTERNAL;
}

static bool same_text(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && secret_equal(a, b, strlen(a));
}

/* Encodes a MAC. The encoding is base64url for a session's signature, hex for a password's hash. */
typedef void mac_writer(struct strbuf *out, const unsigned char *data, size_t len);

/*
 * Compares the MAC in `claimed` with the text's MAC under each key. Returns STATUS_NOT_FOUND if no
 * key gives that MAC. Returns STATUS_INTERNAL if out of memory; the MAC is then not checked.
 */
static enum status mac_find(const struct django_keys *keys, const char *salt,
			    const struct secret_part *text, mac_writer *write_mac,
			    const char *claimed)
{
	unsigned char mac[SECRET_SHA256_LEN];
	enum status status = STATUS_NOT_FOUND;

	for (size_t i = 0; i < keys->count && status == STATUS_NOT_FOUND; i++) {
		struct strbuf expected;

		status = salted_hmac(salt, keys->items[i], text, mac);
		if (status != STATUS_OK)
			break;
		strbuf_init(&expected);
		write_mac(&expected, mac, sizeof(mac));
		if (!strbuf_ok(&expected))
			status = STATUS_INTERNAL;
		else if (!same_text(expected.data, claimed))
			status = STATUS_NOT_FOUND;
		strbuf_clear(&expected);
	}
	return status;
}

/* Checks the signature, which covers everything before the last colon. */
static enum status signature_check(const char *session_data, const char *signature,
				   const struct django_keys *keys, struct error *err)
{
	struct secret_part text = {session_data, (size_t)(signature - 1 - session_data)};
	enum status status = mac_find(keys, SIGNER_SALT, &text, codec_base64url, signature);

	if (status == STATUS_INTERNAL)
		return error_no_memory(err);
	if (status != STATUS_NOT_FOUND)
		return status;
	return error_set(err, STATUS_BAD_REQUEST,
			 "the signature of session_data is wrong; write Django's SECRET_KEY into "
			 "the file set in site_secret_file");
}

/* ---- the signed text ---- */

static enum status text_of(const struct json *object, const char *key, char **out,
			   struct error *err)
{
	const char *text = json_string(json_member(object, key));

	if (text == NULL)
		return error_set(err, STATUS_NOT_FOUND, "the session contains no key %s", key);
	*out = strdup(text);
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

static enum status payload_read(const struct strbuf *text, struct django_session *out,
				struct error *err)
{
	struct django_session session = {0};
	struct json *json = NULL;

	if (text->len > 0 && text->data[0] == PICKLE_MARK)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the session is a Python pickle, which prebind does not read "
				 "because a pickle can run code; set Django's SESSION_SERIALIZER "
				 "to django.contrib.sessions.serializers.JSONSerializer");
	enum status status = json_parse(text->data, text->len, &json, err);
	if (status == STATUS_OK)
		status = text_of(json, "_auth_user_id", &session.user_id, err);
	if (status == STATUS_OK)
		status = text_of(json, "_auth_user_hash", &session.user_hash, err);
	json_free(json);
	if (status == STATUS_OK)
		*out = session;
	else
		django_session_clear(&session);
	return status;
}

static enum status payload_unpack(const char *text, size_t len, struct django_session *out,
				  struct error *err)
{
	struct strbuf packed, unpacked;
	bool compressed = len > 0 && text[0] == '.';

	strbuf_init_secret(&packed);
	strbuf_init_secret(&unpacked);
	const struct strbuf *json = compressed ? &unpacked : &packed;
	enum status status = codec_base64url_decode(&packed, text + compressed, len - compressed);
	if (status != STATUS_OK)
		error_set(err, status, "session_data is not valid base64");
	else if (compressed)
		status = inflate_zlib(&unpacked, packed.data, packed.len, DJANGO_UNPACKED_MAX, err);
	if (status == STATUS_OK)
		status = strbuf_ok(json) ? payload_read(json, out, err) : error_no_memory(err);
	strbuf_clear(&unpacked);
	strbuf_clear(&packed);
	return status;
}

enum status django_session_read(const char *session_data, const struct django_keys *keys,
				struct django_session *out, struct error *err)
{
	const char *colon = strchr(session_data, ':');
	const char *last = strrchr(session_data, ':');

	if (colon == NULL || colon == last || strlen(session_data) > DJANGO_SESSION_MAX)
		return error_set(err, STATUS_BAD_REQUEST,
				 "session_data is not in the format of Django 3.1 or later");
	enum status status = signature_check(session_data, last + 1, keys, err);
	if (status != STATUS_OK)
		return status;
	return payload_unpack(session_data, (size_t)(colon - session_data), out, err);
}

void django_session_clear(struct django_session *session)
{
	free(session->user_id);
	secret_free(session->user_hash);
	*session = (struct django_session){0};
}

/* ---- the user's password ---- */

enum status django_session_check(const struct django_session *session, const char *password,
				 const struct django_keys *keys, struct error *err)
{
	struct secret_part text = {password, strlen(password)};
	enum status status = mac_find(keys, HASH_SALT, &text, codec_hex, session->user_hash);

	if (status == STATUS_NOT_FOUND)
		error_set(err, status, "the password has changed since the login");
	return status == STATUS_INTERNAL ? error_no_memory(err) : status;
}

/* ---- prebindctl check ---- */

#define TABLE "django_session"

#define OTHER_ENGINES                                                                              \
	"SESSION_ENGINE is cache, file or signed_cookies, but prebind can read only db and "       \
	"cached_db"

static const char newest[] =
    "SELECT session_data FROM " TABLE " WHERE expire_date > CURRENT_TIMESTAMP"
    " ORDER BY expire_date DESC LIMIT 50";

struct count {
	const struct django_keys *keys;
	long sessions;
	long refused;
	struct error why; /* why the newest of the refused sessions was refused */
};

static void count_one(void *arg, const char *session_data)
{
	struct count *count = arg;
	struct django_session session = {0};
	struct error why = {0};
	enum status status = django_session_read(session_data, count->keys, &session, &why);

	count->sessions++;
	if (status != STATUS_OK && status != STATUS_NOT_FOUND && count->refused++ == 0)
		count->why = why;
	django_session_clear(&session);
}

static enum status count_tell(const char *database, const struct count *count, struct strbuf *said,
			      struct error *err)
{
	const char *s = count->sessions == 1 ? "" : "s";

	if (count->sessions == 0)
		strbuf_adds(said, "; " TABLE " contains no current session; log in to the site and "
				  "check again. If " TABLE " still contains none, " OTHER_ENGINES);
	else if (count->refused == 0)
		strbuf_addf(said, "; the newest %ld session%s can be read", count->sessions, s);
	else if (count->refused < count->sessions)
		strbuf_addf(said,
			    "; the newest %ld session%s were checked, and %ld cannot be read: %s",
			    count->sessions, s, count->refused, count->why.text);
	else
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: prebind cannot read the newest %ld session%s in " TABLE
				 ": %s",
				 database, count->sessions, s, count->why.text);
	return STATUS_OK;
}

enum status django_sessions_check(const struct site_conf *conf, const struct django_keys *keys,
				  struct strbuf *said, struct error *err)
{
	struct count count = {.keys = keys};
	bool there = false;

	enum status status = site_has_table(conf, TABLE, &there, err);
	/*
	 * Without this table there are no sessions to check. The site then has its own model for
	 * sessions, and site_query names the table of that model.
	 */
	if (status != STATUS_OK || !there)
		return status;
	status = site_rows_each(conf, newest, count_one, &count, err);
	return status == STATUS_OK ? count_tell(conf->site_database, &count, said, err) : status;
}

/*
 * Returns true if the error says that Django's table of sessions does not exist. Looks for the
 * message of SQLite, and for the error numbers of MariaDB and PostgreSQL, because the wording of
 * their messages varies.
 */
static bool tells_of_missing_table(const char *text)
{
	static const char *const marks[] = {"no such table: ", "(1146)", "(42P01)"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strstr(text, marks[i]) != NULL)
			return strstr(text, TABLE) != NULL;
	return false;
}

enum status django_blame_engine(const struct site_conf *conf, enum status status, struct error *err)
{
	bool there = true;

	if (status == STATUS_OK || !tells_of_missing_table(err->text) ||
	    site_has_table(conf, TABLE, &there, NULL) != STATUS_OK || there)
		return status;
	return conf_fault(err, status, conf_site_place(conf, "site_database"),
			  "%s: contains no table " TABLE
			  ". If this is Django's database, " OTHER_ENGINES
			  "; set SESSION_ENGINE to django.contrib.sessions.backends.db and run "
			  "`manage.py migrate`",
			  conf->site_database);
}
