/*
 * Verifies argon2id and argon2i hashes. Calls secret.h, because our own hashes are also argon2id.
 */
#include "base/secret.h"
#include "password/formats.h"

static bool read_setting(const char **at, const char *name, char behind)
{
	unsigned long ignored;
	size_t len = strlen(name);

	if (strncmp(*at, name, len) != 0)
		return false;
	*at += len;
	return password_read_number(at, behind, &ignored);
}

enum password_reading argon2_read(const char *text, struct password_hash *out)
{
	const char *at =
	    text + strlen(strncmp(text, "$argon2id$", 10) == 0 ? "$argon2id$" : "$argon2i$");

	(void)out;
	if (secret_password_hash_check(text))
		return READING_OK;
	/* secret.h refused the hash; find out whether it is too costly or malformed */
	return read_setting(&at, "v=", '$') && read_setting(&at, "m=", ',') &&
		       read_setting(&at, "t=", ',') && read_setting(&at, "p=", '$')
		   ? READING_COSTLY
		   : READING_MALFORMED;
}

enum status argon2_verify(const struct password_hash *hash, const char *password)
{
	return secret_password_verify(hash->text, password);
}
