/*
 * Sessions of PHP in its three formats. The first byte is the format, the first line's rest the
 * path of the value. Oracle: a value that is found stands in the session byte for byte.
 */
#include "fuzz.h"

#include "identity/packed_php.h"
#include "identity/php_serialize.h"

/* The same bytes as a text in a database, and in base64. */
static void read_packed(const char *data, size_t len, const char *path, long format)
{
	char no_key[] = "";
	const struct site_conf conf = {.php_session_user = (char *)path,
				       .php_session_password = no_key,
				       .php_session_display = (char *)path,
				       .php_session_format = format};
	struct packed_php plain = {0}, packed = {0};
	struct strbuf text;

	strbuf_init(&text);
	codec_base64(&text, (const unsigned char *)data, len);
	enum status by_text = packed_php_read(data, &conf, &plain, NULL);
	enum status by_base64 = packed_php_read(text.data, &conf, &packed, NULL);
	if (strlen(data) == len && by_text == STATUS_OK) {
		ORACLE(by_base64 == STATUS_OK && strcmp(plain.user, packed.user) == 0);
		ORACLE(plain.display_name != NULL && strcmp(plain.user, plain.display_name) == 0);
	}
	strbuf_clear(&text);
	packed_php_clear(&plain);
	packed_php_clear(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size > 1 ? memchr(data, '\n', size) : NULL;
	char *user = NULL;

	fuzz_start();
	if (line == NULL || line == data)
		return 0;
	char *path = fuzz_text(data + 1, (size_t)(line - data) - 1);
	size_t len = size - (size_t)(line + 1 - data);
	char *session = malloc(len + 1);
	ORACLE(session != NULL);
	memcpy(session, line + 1, len);
	session[len] = '\0';
	const struct php_session what = {(enum conf_php_format)(data[0] % 3), session, len};
	enum status status = php_session_get(&what, path, &user, NULL);
	ORACLE((status == STATUS_OK) == (user != NULL));
	ORACLE(user == NULL || memmem(session, len, user, strlen(user)) != NULL);
	if (path[0] != '\0') /* as in the configuration */
		read_packed(session, len, path, data[0] % 3);
	free(user);
	free(session);
	free(path);
	return 0;
}
