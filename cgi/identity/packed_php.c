/*
 * Decodes a PHP session from the site's database and reads the user from it.
 */
#include "identity/packed_php.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/secret.h"
#include "identity/php_serialize.h"

/*
 * Returns true if the session is in base64. PHP's own formats always contain a '|', a ':' or a
 * control character, so they never look like base64.
 */
static bool is_base64(const char *text, size_t len)
{
	return len % 4 == 0 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					    "0123456789+/=") == len;
}

static enum status unpack(const char *session_data, struct strbuf *out, struct error *err)
{
	size_t len = strlen(session_data);

	if (!is_base64(session_data, len))
		strbuf_add(out, session_data, len);
	else if (codec_base64_decode(out, session_data, len) == STATUS_BAD_REQUEST)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the column session_data is not valid base64");
	return strbuf_ok(out) ? STATUS_OK : error_no_memory(err);
}

static enum status values_read(const struct php_session *session, const struct site_conf *conf,
			       struct packed_php *out, struct error *err)
{
	enum status status = php_session_get(session, conf->php_session_user, &out->user, err);

	if (status == STATUS_OK && conf->php_session_password[0] != '\0')
		status = php_session_get(session, conf->php_session_password, &out->password, err);
	if (status == STATUS_OK && conf->php_session_display[0] != '\0')
		php_session_get(session, conf->php_session_display, &out->display_name, NULL);
	return status;
}

enum status packed_php_read(const char *session_data, const struct site_conf *conf,
			    struct packed_php *out, struct error *err)
{
	struct strbuf text;

	strbuf_init_secret(&text);
	enum status status = unpack(session_data, &text, err);
	const struct php_session session = {
	    .format = (enum conf_php_format)conf->php_session_format,
	    .data = text.data,
	    .len = text.len,
	};
	if (status == STATUS_OK)
		status = values_read(&session, conf, out, err);
	strbuf_clear(&text);
	return status;
}

void packed_php_clear(struct packed_php *session)
{
	free(session->user);
	free(session->display_name);
	secret_free(session->password);
	*session = (struct packed_php){0};
}
