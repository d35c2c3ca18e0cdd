/*
 * Waits for the socket of a database server.
 */
#ifndef DB_SOCKET_WAIT_H
#define DB_SOCKET_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Waits with poll(2) until the socket is ready or until_ms has passed. Returns true if the socket
 * is ready. until_ms is monotonic. Uses base/blocking.h, so that another thread can serve requests
 * meanwhile.
 */
bool socket_wait(int fd, short events, int64_t until_ms);

#endif
