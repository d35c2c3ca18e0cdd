/*
 * Reads Basic credentials strictly: refuses an ambiguous header as malformed.
 */
#include "web/basic_auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"
#include "base/secret.h"
#include "base/strbuf.h"

#define SCHEME "Basic "

void basic_auth_clear(struct basic_auth *auth)
{
	free(auth->name);
	secret_free(auth->password);
	*auth = (struct basic_auth){.name = NULL};
}

/* The name ends at the first colon; the password can contain more colons. */
static enum status split(const struct strbuf *plain, struct basic_auth *out, struct error *err)
{
	const char *colon = memchr(plain->data, ':', plain->len);

	if (colon == NULL || memchr(plain->data, '\0', plain->len) != NULL ||
	    !utf8_valid(plain->data, plain->len) || text_has_control(plain->data))
		return error_set(err, STATUS_BAD_REQUEST,
				 "the Basic credentials are not NAME:PASSWORD in UTF-8");
	*out = (struct basic_auth){
	    .name = strndup(plain->data, (size_t)(colon - plain->data)),
	    .password = strdup(colon + 1),
	};
	if (out->name != NULL && out->password != NULL)
		return STATUS_OK;
	basic_auth_clear(out);
	return error_no_memory(err);
}

enum status basic_auth_read(const char *header, struct basic_auth *out, struct error *err)
{
	struct strbuf plain;
	enum status status;

	if (header == NULL || strncasecmp(header, SCHEME, strlen(SCHEME)) != 0)
		return error_set(err, STATUS_LOGIN_REQUIRED, "no Basic credentials were sent");
	header += strlen(SCHEME);
	header += strspn(header, " ");
	strbuf_init_secret(&plain);
	status = codec_base64_decode(&plain, header, strlen(header));
	if (status == STATUS_OK)
		status = strbuf_ok(&plain) ? split(&plain, out, err) : error_no_memory(err);
	else
		error_set(err, status, "the Basic credentials are not base64");
	strbuf_clear(&plain);
	return status;
}
