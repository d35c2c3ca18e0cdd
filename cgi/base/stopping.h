/*
 * Tells if this process is to stop. It can go on serving for a while (the key drain), so that a
 * load balancer that requests /health sends new requests elsewhere first.
 */
#ifndef BASE_STOPPING_H
#define BASE_STOPPING_H

#include <stdbool.h>

void stopping_begin(void);
bool stopping_has_begun(void); /* for any thread */

#endif
