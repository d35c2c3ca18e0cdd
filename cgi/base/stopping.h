/*
 * Whether this process was told to stop. It may serve for a while after that (the key drain), so
 * that a balancer that asks for /health sends new requests elsewhere first.
 */
#ifndef BASE_STOPPING_H
#define BASE_STOPPING_H

#include <stdbool.h>

void stopping_begin(void);
bool stopping_has_begun(void); /* for any thread */

#endif
