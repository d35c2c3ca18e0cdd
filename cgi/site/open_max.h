/*
 * How many sites a process is allowed to have open.
 */
#ifndef SITE_OPEN_MAX_H
#define SITE_OPEN_MAX_H

#include <stddef.h>

#include "conf/conf.h"

/*
 * Returns how many sites can be open at the same time. This is half of what the limit of open files
 * allows, because two sets of sites are open during a reload. Raises the soft limit of open files,
 * which is often far below the hard limit. The result is greater than the number of threads. So at
 * least one open site is not in use, and can be closed to open another site.
 */
size_t sites_open_max(const struct conf *conf);

#endif
