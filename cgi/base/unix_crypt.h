/*
 * crypt(3): the password hashes of Unix, which many programs use. No other file uses libcrypt.
 * libcrypt accepts weak formats, and a hash can demand days of work. So the caller must check the
 * hash first.
 */
#ifndef BASE_UNIX_CRYPT_H
#define BASE_UNIX_CRYPT_H

#include "base/status.h"

/* bytes of a password; libcrypt accepts no more (CRYPT_MAX_PASSPHRASE_SIZE, with its NUL) */
#define UNIX_CRYPT_PASSWORD_MAX 511

/*
 * Checks a password against a hash. Returns STATUS_OK if the password is right,
 * STATUS_BAD_CREDENTIALS if it is wrong or libcrypt refuses the hash, STATUS_INTERNAL if out of
 * memory. Thread-safe.
 */
enum status unix_crypt_verify(const char *hash, const char *password);

#endif
