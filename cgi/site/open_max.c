/*
 * Computes from the limit of open files how many sites a process can have open.
 */
#include "site/open_max.h"

#include <sys/resource.h>

/*
 * The number of file descriptors of an open site. Its database and its limits use up to ten: two
 * for each of STORE_CONNECTIONS_MAX connections, one for SQLite's -shm file, and one for the
 * limits. Idle connections to the XMPP server use up to upstream_max, which is 16 by default. The
 * rest is for the site's own database.
 */
#define SITE_DESCRIPTORS    32
#define THREAD_DESCRIPTORS  4   /* the visitor's connection, and files that a request reads */
#define WAITING_DESCRIPTORS 2   /* a waiting request's connections to the visitor and XMPP server */
#define PROCESS_DESCRIPTORS 32  /* log, sockets, signals, libraries */
#define SITES_OPEN_MAX      512 /* per process: an open site takes about 300 KiB */

size_t sites_open_max(const struct conf *conf)
{
	size_t threads = (size_t)conf->server.threads;
	size_t kept = PROCESS_DESCRIPTORS + threads * THREAD_DESCRIPTORS +
		      (size_t)conf->server.waiting_max * WAITING_DESCRIPTORS;
	size_t wanted = conf->n_sites < SITES_OPEN_MAX ? conf->n_sites : SITES_OPEN_MAX;
	rlim_t need = kept + 2 * wanted * SITE_DESCRIPTORS;
	struct rlimit limit = {0};

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < need) {
		limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	size_t have = limit.rlim_cur > kept ? (size_t)(limit.rlim_cur - kept) : 0;
	size_t fit = have / (2 * SITE_DESCRIPTORS);

	if (fit > wanted)
		fit = wanted;
	return fit > threads ? fit : threads + 1;
}
