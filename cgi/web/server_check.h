/*
 * What a start looks at in [server], for prebindctl check: the same functions, and the same
 * sentences. None of them changes anything.
 */
#ifndef WEB_SERVER_CHECK_H
#define WEB_SERVER_CHECK_H

#include <sys/types.h>

#include "base/error.h"
#include "conf/conf.h"

/* listen: is the path one that a socket can have, and its folder there and safe? */
enum status listen_path_check(const struct server_conf *conf, struct error *err);

/* Each name of peer_users is an account. */
enum status peer_users_check(const struct server_conf *conf, struct error *err);

/* The group of socket_group; (gid_t)-1: none is set. */
enum status socket_group_find(const struct server_conf *conf, gid_t *out, struct error *err);

#endif
