/*
 * Tells whether this process is stopping. A stopping process can still serve requests for a while
 * (the configuration key `drain`). Meanwhile, a load balancer that requests /health learns to send
 * new requests elsewhere.
 */
#ifndef BASE_STOPPING_H
#define BASE_STOPPING_H

#include <stdbool.h>

void stopping_begin(void);
bool stopping_has_begun(void); /* for any thread */

#endif
