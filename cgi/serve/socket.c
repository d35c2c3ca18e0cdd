/*
 * The listening socket. Our own code opens it, because FCGX_OpenSocket of libfcgi removes any file
 * at the path and exits on errors. A peer of this socket can claim to be any user, because it sends
 * REMOTE_USER. So the socket's mode is 0660, and peers.c checks the peer's account.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "serve/server_parts.h"

/* how many clients can wait before more are refused; the kernel can lower this number */
#define BACKLOG          1024
#define SOCKET_UMASK     0117 /* for mode 0660 */
#define BACK_OFF_MS      50   /* how long to wait for requests to end if no descriptor is free */
#define SAY_EVERY_MS     1000
#define SOCKET_PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)
#define NAME_SPACE       4096 /* in bytes, for an entry of the group database */

bool socket_is_listening(int fd)
{
	int listening = 0;
	socklen_t len = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

/*
 * Makes an inherited socket blocking, because our threads wait in accept. The process that passed
 * us the socket might have set O_NONBLOCK.
 */
static enum status make_blocking(int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return error_set(err, STATUS_INTERNAL, "cannot set up descriptor %d: %m", fd);
	return STATUS_OK;
}

enum status listener_inherit(const struct server_conf *conf, int fd, struct listener *out,
			     struct error *err)
{
	struct listener listener = {.fd = fd};
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return error_set(err, STATUS_INTERNAL, "descriptor %d is not a socket: %m", fd);
	enum status status = peers_find(conf, &address, &listener.peers, err);
	if (status == STATUS_OK)
		status = make_blocking(fd, err);
	if (status == STATUS_OK)
		*out = listener;
	return status;
}

/*
 * Checks that other accounts cannot write to the socket's folder, because they could replace our
 * socket with their own.
 */
static enum status check_folder(const struct server_conf *conf, struct error *err)
{
	struct conf_place place = conf_server_place(conf, "listen");
	const char *path = conf->listen;
	size_t len = (size_t)(strrchr(path, '/') - path);
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct stat st;

	snprintf(folder, sizeof(folder), "%.*s", len > 0 ? (int)len : 1, path);
	if (stat(folder, &st) != 0)
		return conf_fault(err, STATUS_INTERNAL, place,
				  "cannot find the folder of '%s': %m; create the folder first: "
				  "install -d -o USER -g WEB-SERVER'S-GROUP -m 2750 %s",
				  path, folder);
	if (!S_ISDIR(st.st_mode))
		return conf_fault(err, STATUS_INTERNAL, place, "'%s' is not a folder", folder);
	if (st.st_mode & S_IWOTH)
		return conf_fault(err, STATUS_FORBIDDEN, place,
				  "everybody may write to the folder '%s'; use a folder of mode "
				  "0750 for the socket",
				  folder);
	return STATUS_OK;
}

enum status listen_path_check(const struct server_conf *conf, struct error *err)
{
	if (conf->listen[0] != '/' || strlen(conf->listen) >= SOCKET_PATH_SIZE)
		return conf_fault(err, STATUS_INTERNAL, conf_server_place(conf, "listen"),
				  "'%s' must be an absolute path of at most %zu bytes",
				  conf->listen, SOCKET_PATH_SIZE - 1);
	return check_folder(conf, err);
}

/* Connects to the socket. Returns 0 if a server accepts the connection, otherwise an errno. */
static int try_connect(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
		result = errno;
	close(fd);
	return result;
}

/*
 * Removes the socket file that a killed server has left behind. If the file is anything else, does
 * not remove it and returns an error.
 */
static enum status remove_stale(const struct server_conf *conf, const struct sockaddr_un *address,
				uid_t owner, struct error *err)
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) != 0) {
		if (errno == ENOENT)
			return STATUS_OK;
		return conf_fault(err, STATUS_INTERNAL, conf_server_place(conf, "listen"),
				  "'%s': %m", path);
	}
	if (!S_ISSOCK(st.st_mode))
		return conf_fault(
		    err, STATUS_CONFLICT, conf_server_place(conf, "listen"),
		    "'%s' exists and is not a socket; remove it, or set listen to another path",
		    path);
	if (st.st_uid != geteuid() && st.st_uid != owner)
		return conf_fault(err, STATUS_CONFLICT, conf_server_place(conf, "listen"),
				  "'%s' belongs to uid %ld; remove it", path, (long)st.st_uid);
	if (try_connect(address) != ECONNREFUSED)
		return conf_fault(err, STATUS_CONFLICT, conf_server_place(conf, "listen"),
				  "another server answers on '%s'; stop that server first", path);
	if (unlink(path) != 0)
		return conf_fault(err, STATUS_INTERNAL, conf_server_place(conf, "listen"),
				  "cannot remove the old '%s': %m", path);
	return STATUS_OK;
}

enum status socket_group_find(const struct server_conf *conf, gid_t *out, struct error *err)
{
	const char *name = conf->socket_group;
	struct group group, *found = NULL;
	char space[NAME_SPACE];

	*out = (gid_t)-1;
	if (!*name)
		return STATUS_OK;
	if (getgrnam_r(name, &group, space, sizeof(space), &found) != 0 || found == NULL)
		return conf_fault(err, STATUS_INTERNAL, conf_server_place(conf, "socket_group"),
				  "there is no group '%s'", name);
	*out = group.gr_gid;
	return STATUS_OK;
}

static enum status set_owner(const struct server_conf *conf, uid_t owner, struct error *err)
{
	gid_t group = (gid_t)-1;
	enum status status = socket_group_find(conf, &group, err);

	if (status != STATUS_OK)
		return status;
	if (owner == geteuid() && group == (gid_t)-1)
		return STATUS_OK;
	if (lchown(conf->listen, owner, group) != 0)
		return conf_fault(err, STATUS_INTERNAL, conf_server_place(conf, "listen"),
				  "cannot give '%s' to its user and socket_group '%s': %m; "
				  "socket_group must be a group of that user",
				  conf->listen, conf->socket_group);
	return STATUS_OK;
}

static enum status bind_and_listen(const struct server_conf *conf, uid_t owner,
				   const struct sockaddr_un *address, struct listener *listener,
				   struct error *err)
{
	mode_t mask = umask(SOCKET_UMASK); /* so that the socket file never has another mode */
	int bound = bind(listener->fd, (const struct sockaddr *)address, sizeof(*address));
	struct stat st;
	enum status status;

	umask(mask);
	if (bound != 0 || lstat(conf->listen, &st) != 0)
		return conf_fault(err, STATUS_INTERNAL, conf_server_place(conf, "listen"),
				  "'%s': %m", conf->listen);
	listener->path = conf->listen;
	listener->dev = st.st_dev;
	listener->ino = st.st_ino;
	status = set_owner(conf, owner, err);
	if (status == STATUS_OK && listen(listener->fd, BACKLOG) != 0)
		status = conf_fault(err, STATUS_INTERNAL, conf_server_place(conf, "listen"),
				    "'%s': %m", conf->listen);
	return status;
}

enum status listener_open(const struct server_conf *conf, uid_t owner, struct listener *out,
			  struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct listener listener = {.fd = -1};
	enum status status;

	status = listen_path_check(conf, err);
	if (status == STATUS_OK)
		status = peers_find(conf, NULL, &listener.peers, err);
	if (status != STATUS_OK)
		return status;
	/* the remaining bytes are 0 */
	memcpy(address.sun_path, conf->listen, strlen(conf->listen));
	status = remove_stale(conf, &address, owner, err);
	if (status != STATUS_OK)
		return status;
	listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener.fd < 0)
		return conf_fault(err, STATUS_INTERNAL, conf_server_place(conf, "listen"),
				  "no socket: %m");
	status = bind_and_listen(conf, owner, &address, &listener, err);
	if (status == STATUS_OK)
		*out = listener;
	else
		listener_close(&listener);
	return status;
}

/*
 * Closes the socket and removes its file. If only root can write to the folder, the file remains,
 * and the next start removes it.
 */
void listener_close(struct listener *listener)
{
	struct stat st;

	if (listener->path == NULL) {
		if (listener->fd > 0)
			close(listener->fd);
		return;
	}
	if (lstat(listener->path, &st) == 0 && st.st_dev == listener->dev &&
	    st.st_ino == listener->ino)
		unlink(listener->path);
	close(listener->fd);
	listener->fd = -1;
}

/* Converts errno after accept to one of the LISTENER values. */
static int accept_failed(const struct listener *listener)
{
	struct pollfd poll_fd = {.fd = listener->fd, .events = POLLIN};

	switch (errno) {
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
	case EOPNOTSUPP:
		return LISTENER_GONE;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return LISTENER_NO_FILES;
	case EAGAIN: /* another process with this socket has set O_NONBLOCK */
		poll(&poll_fd, 1, -1);
		return LISTENER_NOBODY;
	default: /* the peer closed the connection, or a signal arrived */
		return LISTENER_NOBODY;
	}
}

int listener_accept(const struct listener *listener)
{
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(address);
	int fd = listener->peers.tcp
		     ? accept4(listener->fd, (struct sockaddr *)&address, &len, SOCK_CLOEXEC)
		     : accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return accept_failed(listener);
	if (!peer_is_allowed(&listener->peers, fd, &address)) {
		close(fd);
		return LISTENER_NOBODY;
	}
	return fd;
}

/* ---- the reserve descriptor ---- */

void reserve_init(struct reserve *reserve, const struct listener *listener)
{
	pthread_mutex_init(&reserve->lock, NULL);
	reserve->fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);
	reserve->said_ms = 0;
}

void reserve_clear(struct reserve *reserve)
{
	if (reserve->fd >= 0)
		close(reserve->fd);
	pthread_mutex_destroy(&reserve->lock);
}

static void say_once(struct reserve *reserve)
{
	int64_t now = clock_monotonic_ms();

	if (reserve->said_ms != 0 && now - reserve->said_ms < SAY_EVERY_MS)
		return;
	reserve->said_ms = now;
	log_event(LOG_LEVEL_ERROR, "accept_failed", "why",
		  "no descriptor or no memory is left for a connection, so visitors get a 503; "
		  "raise the limit of open files (LimitNOFILE, ulimit -n)",
		  NULL);
}

/*
 * Closes the reserve descriptor so that a connection can be accepted. If the reserve can then be
 * opened again, the connection is served. Otherwise the visitor gets a refusal.
 */
static int accept_by_reserve(struct reserve *reserve, struct server *server)
{
	int fd;

	if (reserve->fd >= 0)
		close(reserve->fd);
	fd = listener_accept(&server->listener);
	if (fd == LISTENER_NO_FILES) /* no descriptor is left anywhere, so wait */
		poll(NULL, 0, BACK_OFF_MS);
	reserve->fd = fcntl(server->listener.fd, F_DUPFD_CLOEXEC, 0);
	if (reserve->fd >= 0 || fd < 0)
		return fd < 0 ? LISTENER_NOBODY : fd;
	server->refuse(server, fd);
	reserve->fd = fcntl(server->listener.fd, F_DUPFD_CLOEXEC, 0);
	return LISTENER_NOBODY;
}

/*
 * Only one thread runs this function at a time. The other threads wait for the lock and accept
 * nothing.
 */
int reserve_accept(struct reserve *reserve, struct server *server)
{
	struct pollfd poll_fd = {.fd = server->listener.fd, .events = POLLIN};
	int fd = LISTENER_NOBODY;

	pthread_mutex_lock(&reserve->lock);
	say_once(reserve);
	if (poll(&poll_fd, 1, BACK_OFF_MS) > 0)
		fd = accept_by_reserve(reserve, server);
	pthread_mutex_unlock(&reserve->lock);
	return fd;
}
