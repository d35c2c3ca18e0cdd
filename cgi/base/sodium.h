/*
 * Includes libsodium, for the files that wrap it: secret.c and codec_base64.c.
 */
#ifndef BASE_SODIUM_H
#define BASE_SODIUM_H

#include <sodium.h>

#endif
