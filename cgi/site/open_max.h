/*
 * How many sites a process may have open.
 */
#ifndef SITE_OPEN_MAX_H
#define SITE_OPEN_MAX_H

#include <stddef.h>

#include "conf/conf.h"

/*
 * Returns how many sites may be open: half as many as there are descriptors for, because two sets
 * are open during a reload. Raises the soft limit, which is often far below the hard one. The
 * result is more than the number of threads, so that one site can always be closed for another.
 */
size_t sites_open_max(const struct conf *conf);

#endif
