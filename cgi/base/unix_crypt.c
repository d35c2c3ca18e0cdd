/*
 * The wrapper of libcrypt. It calls crypt_rn, which has no shared state. The 32 KiB of scratch
 * memory that crypt_rn needs are on the heap.
 */
#include "base/unix_crypt.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

_Static_assert(UNIX_CRYPT_PASSWORD_MAX < CRYPT_MAX_PASSPHRASE_SIZE, "with its NUL");

enum status unix_crypt_verify(const char *hash, const char *password)
{
	struct crypt_data *data = calloc(1, sizeof(*data)); /* must be zero before the first use */
	enum status status = STATUS_BAD_CREDENTIALS;

	if (data == NULL)
		return STATUS_INTERNAL;
	errno = 0;
	const char *made = crypt_rn(password, hash, data, (int)sizeof(*data));
	/* If crypt_rn fails, it returns NULL or "*0". A stored "*0" must not match that result. */
	if (made == NULL || made[0] == '*')
		status = errno == ENOMEM ? STATUS_INTERNAL : STATUS_BAD_CREDENTIALS;
	else if (strlen(made) == strlen(hash) && secret_equal(made, hash, strlen(hash)))
		status = STATUS_OK;
	secret_wipe(data, sizeof(*data));
	free(data);
	return status;
}
