/*
 * Waits for the socket of a database server.
 */
#ifndef DB_SOCKET_WAIT_H
#define DB_SOCKET_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Calls poll(2), as a wait of base/blocking.h. Returns true if the socket is ready. until_ms is
 * monotonic.
 */
bool socket_wait(int fd, short events, int64_t until_ms);

#endif
