/*
 * The checks of [server] that a start makes, for prebindctl check. They are the same functions with
 * the same errors. None of them changes anything.
 */
#ifndef SERVE_CHECK_H
#define SERVE_CHECK_H

#include <sys/types.h>

#include "base/error.h"
#include "conf/conf.h"

/* Checks the key listen: a socket can have this path, and its folder exists and is safe. */
enum status listen_path_check(const struct server_conf *conf, struct error *err);

/* Checks that each name of peer_users is an account. */
enum status peer_users_check(const struct server_conf *conf, struct error *err);

/* Finds the group of socket_group. *out is (gid_t)-1 if none is set. */
enum status socket_group_find(const struct server_conf *conf, gid_t *out, struct error *err);

#endif
