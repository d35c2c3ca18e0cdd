/*
 * The server's own socket: where it is made and where not, what becomes of it, who is let in, and
 * what accept's errors mean (SEC-FCGI-1 … 3, REL-OS-1).
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "serve/server_parts.h"

#define FOREIGNER 65534 /* a uid that is neither root's nor ours */

struct fixture {
	char path[96];
	struct server_conf conf;
	struct peers peers;
	struct error err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	unit_folder_make(NULL);
	snprintf(f->path, sizeof(f->path), "%s/prebind.sock", unit_folder());
	f->conf.listen = f->path;
	f->conf.socket_group = (char *)"";
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f);
	return unit_folder_remove(NULL);
}

static bool exists(const struct fixture *f)
{
	struct stat st;

	return lstat(f->path, &st) == 0;
}

static struct sockaddr_un address_of(const struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, f->path);
	return address;
}

/* Another server's, at our path. */
static int listen_there(const struct fixture *f)
{
	struct sockaddr_un address = address_of(f);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static int connect_there(const struct fixture *f)
{
	struct sockaddr_un address = address_of(f);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static struct listener open_listener(struct fixture *f)
{
	struct listener listener = {.fd = -1};

	if (listener_open(&f->conf, geteuid(), &listener, &f->err) != STATUS_OK)
		fail_msg("%s", f->err.text);
	return listener;
}

static void assert_refused(struct fixture *f, enum status status, const char *words)
{
	struct listener listener = {.fd = -1};

	assert_int_equal(listener_open(&f->conf, geteuid(), &listener, &f->err), status);
	if (strstr(f->err.text, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, f->err.text);
	assert_int_equal(listener.fd, -1);
}

/* ---- making it ---- */

FIXTURE(setup, teardown)

TEST(made_for_owner_and_group)
{
	struct fixture *f = *state;
	struct listener listener = open_listener(f);
	struct stat st;

	assert_int_equal(lstat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_true(socket_is_listening(listener.fd));
	assert_int_equal(fcntl(listener.fd, F_GETFD), FD_CLOEXEC);
	listener_close(&listener);
	assert_false(exists(f));
}

TEST(paths_that_are_none)
{
	struct fixture *f = *state;
	char long_path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];

	f->conf.listen = (char *)"prebind.sock";
	assert_refused(f, STATUS_INTERNAL, "an absolute path of at most 107 bytes");
	memset(long_path, '/', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	f->conf.listen = long_path;
	assert_refused(f, STATUS_INTERNAL, "an absolute path of at most 107 bytes");
	f->conf.listen = (char *)"/nowhere/at/all/prebind.sock";
	assert_refused(f, STATUS_INTERNAL, "create the folder first");
	f->conf.listen = (char *)"/dev/null/prebind.sock";
	assert_refused(f, STATUS_INTERNAL, "is not a folder");
}

TEST(not_where_everybody_may_write)
{
	struct fixture *f = *state;

	assert_int_equal(chmod(unit_folder(), 01777), 0);
	assert_refused(f, STATUS_FORBIDDEN, "of mode 0750");
	assert_false(exists(f));
}

TEST(what_is_there_stays)
{
	struct fixture *f = *state;
	int fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	close(fd);
	assert_refused(f, STATUS_CONFLICT, "exists and is not a socket");
	assert_true(exists(f));
	unlink(f->path);

	fd = listen_there(f);
	assert_refused(f, STATUS_CONFLICT, "another server answers");
	close(connect_there(f));
	close(fd);
}

/* It is not taken for one that a killed server left. */
TEST(another_users_socket_stays)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip(); /* only root can give a socket to another user */
	close(listen_there(f));
	assert_int_equal(chown(f->path, FOREIGNER, (gid_t)-1), 0);
	assert_refused(f, STATUS_CONFLICT, "belongs to uid 65534; remove it");
	assert_true(exists(f));
}

TEST(inherited_from_who_started_us)
{
	struct fixture *f = *state;
	struct listener inherited = {.fd = -1};
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_equal(listener_inherit(&f->conf, fd, &inherited, &f->err), STATUS_INTERNAL);
	assert_non_null(strstr(f->err.text, "is not a socket"));
	assert_int_equal(inherited.fd, -1);
	close(fd);

	fd = listen_there(f);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(listener_inherit(&f->conf, fd, &inherited, &f->err), STATUS_OK);
	assert_int_equal(inherited.fd, fd);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	listener_close(&inherited);
	assert_true(exists(f)); /* it is not ours to remove */
}

TEST(what_a_killed_server_left_goes)
{
	struct fixture *f = *state;
	struct listener listener;

	close(listen_there(f));
	assert_true(exists(f));
	listener = open_listener(f);
	close(connect_there(f));
	listener_close(&listener);
}

TEST(a_group_that_is_none)
{
	struct fixture *f = *state;

	f->conf.socket_group = (char *)"no-such-group";
	assert_refused(f, STATUS_INTERNAL, "there is no group 'no-such-group'");
	assert_false(exists(f));
}

TEST(the_next_ones_socket_stays)
{
	struct fixture *f = *state;
	struct listener listener = open_listener(f);
	int next;

	unlink(f->path);
	next = listen_there(f);
	listener_close(&listener);
	assert_true(exists(f));
	close(next);
}

/* ---- who is let in ---- */

TEST(a_connection_is_not_inherited)
{
	struct fixture *f = *state;
	struct listener listener = open_listener(f);
	int peer = connect_there(f);
	int fd = listener_accept(&listener);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	close(peer);
	listener_close(&listener);
}

/* In a process of its own: whose a connection is counts from when it is made. */
static void visit_as_foreigner(const struct fixture *f)
{
	struct sockaddr_un address = address_of(f);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (setgid(FOREIGNER) != 0 || setuid(FOREIGNER) != 0)
		_exit(1);
	_exit(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : 1);
}

static int accept_foreigner(const struct fixture *f, const struct listener *listener)
{
	pid_t pid = fork();
	int ended;

	if (pid == 0)
		visit_as_foreigner(f);
	assert_int_equal(waitpid(pid, &ended, 0), pid);
	assert_int_equal(ended, 0);
	return listener_accept(listener);
}

TEST(another_user_is_sent_away)
{
	struct fixture *f = *state;
	struct listener listener;
	int fd;

	if (geteuid() != 0) /* only root can be somebody else */
		skip();
	listener = open_listener(f);
	assert_int_equal(chmod(unit_folder(), 0755),
			 0); /* the file's rights shall not be the reason */
	assert_int_equal(chmod(f->path, 0666), 0);
	assert_int_equal(accept_foreigner(f, &listener), LISTENER_NOBODY);
	listener.peers = (struct peers){
	    .uids = {1, FOREIGNER},
              .n_uids = 2
        };
	fd = accept_foreigner(f, &listener);
	assert_true(fd >= 0);
	close(fd);
	listener_close(&listener);
}

TEST(peers_are_users)
{
	struct fixture *f = *state;
	char *names[PEERS_MAX + 1];

	for (size_t i = 0; i < COUNT(names); i++)
		names[i] = (char *)"root";
	f->conf.peer_users = (struct conf_list){.items = names, .count = PEERS_MAX};
	assert_ok(peers_find(&f->conf, NULL, &f->peers, &f->err));
	assert_int_equal(f->peers.n_uids, PEERS_MAX);
	assert_int_equal(f->peers.uids[PEERS_MAX - 1], 0);

	f->conf.peer_users.count = COUNT(names);
	assert_status(peers_find(&f->conf, NULL, &f->peers, &f->err), STATUS_INTERNAL);
	assert_holds(f->err.text, "more than 16");

	names[0] = (char *)"no-such-user";
	assert_status(peers_find(&f->conf, NULL, &f->peers, &f->err), STATUS_INTERNAL);
	assert_holds(f->err.text, "there is no user 'no-such-user'");
}

/* ---- accept's errors ---- */

TEST(a_socket_that_is_gone)
{
	struct fixture *f = *state;
	struct listener listener = open_listener(f);
	struct listener closed = {.fd = -1}, none = {.fd = open("/dev/null", O_RDWR | O_CLOEXEC)};

	assert_int_equal(listener_accept(&closed), LISTENER_GONE); /* EBADF */
	assert_int_equal(listener_accept(&none), LISTENER_GONE);   /* ENOTSOCK */
	close(none.fd);
	shutdown(listener.fd, SHUT_RDWR);
	assert_int_equal(listener_accept(&listener), LISTENER_GONE); /* EINVAL */
	listener_close(&listener);
}

TEST(no_descriptor_left)
{
	struct fixture *f = *state;
	struct listener listener = open_listener(f);
	int peer = connect_there(f), fd;
	struct rlimit before, full;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	full = before;
	full.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &full), 0);
	fd = listener_accept(&listener);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(fd, LISTENER_NO_FILES);

	fd = listener_accept(&listener); /* it has waited */
	assert_true(fd >= 0);
	close(fd);
	close(peer);
	listener_close(&listener);
}
