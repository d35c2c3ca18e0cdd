/*
 * crypt(3): the password hashes of Unix and of everything that borrowed them. The only user of
 * libcrypt, which knows weak formats and will work for days if a hash says so: what may be asked is
 * the caller's business.
 */
#ifndef BASE_UNIX_CRYPT_H
#define BASE_UNIX_CRYPT_H

#include "base/status.h"

/* Bytes of a password; libcrypt takes no more (CRYPT_MAX_PASSPHRASE_SIZE, with its NUL). */
#define UNIX_CRYPT_PASSWORD_MAX 511

/*
 * Is hash what the password makes? STATUS_OK; STATUS_BAD_CREDENTIALS, also for what libcrypt
 * refuses, whatever the hash looks like; STATUS_INTERNAL: out of memory. Thread-safe.
 */
enum status unix_crypt_verify(const char *hash, const char *password);

#endif
