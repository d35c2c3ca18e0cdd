/*
 * The calls that a stand-alone server gives up (REL-SBX-1): in all its threads, and nothing that a
 * library needs. Each test is a process of its own, because there is no way back. A kernel without
 * seccomp, or a sandbox that forbids it, skips them.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "serve/server_parts.h"

#define ABSENT 99 /* the exit status of a process that could not give anything up */

static const struct {
	const char *name;
	long number;
} refused[] = {
    {"execve",           SYS_execve          },
    {"execveat",         SYS_execveat        },
    {"ptrace",           SYS_ptrace          },
    {"process_vm_readv", SYS_process_vm_readv},
    {"mount",            SYS_mount           },
    {"chroot",           SYS_chroot          },
    {"unshare",          SYS_unshare         },
    {"setns",            SYS_setns           },
    {"bpf",	      SYS_bpf             },
    {"io_uring_setup",   SYS_io_uring_setup  },
    {"userfaultfd",      SYS_userfaultfd     },
    {"kexec_load",       SYS_kexec_load      },
    {"init_module",      SYS_init_module     },
    {"clock_settime",    SYS_clock_settime   },
};

/* With arguments that no kernel accepts. */
static bool is_refused(long number)
{
	errno = 0;
	return syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) == -1 && errno == EPERM;
}

static void limit(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !system_calls_limit())
		_exit(ABSENT);
}

/* Runs it in a child, whose exit status must be 0. */
static void in_a_process(int (*run)(void))
{
	int ended;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &ended, 0), pid);
	assert_true(WIFEXITED(ended));
	if (WEXITSTATUS(ended) == ABSENT)
		skip();
	assert_int_equal(WEXITSTATUS(ended), 0);
}

/* Returns the number of the first call that is not refused; 0: there is none. */
static int first_allowed(void)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		if (!is_refused(refused[i].number)) {
			fprintf(stderr, "%s: %s\n", refused[i].name, strerror(errno));
			return (int)i + 1;
		}
	}
	return 0;
}

static int refuse(void)
{
	if (is_refused(SYS_execve)) /* else the test would show nothing */
		return 90;
	limit();
	return first_allowed();
}

TEST(the_calls_are_refused)
{
	in_a_process(refuse);
}

static pthread_barrier_t limited;

static void *in_a_thread(void *arg)
{
	int *found = arg;

	pthread_barrier_wait(&limited);
	*found = first_allowed();
	return NULL;
}

static int refuse_everywhere(void)
{
	pthread_t thread;
	int found = -1, ended;

	pthread_barrier_init(&limited, NULL, 2);
	if (pthread_create(&thread, NULL, in_a_thread, &found) != 0)
		return 90;
	limit();
	pthread_barrier_wait(&limited);
	pthread_join(thread, NULL);
	if (found != 0)
		return found;
	pid_t pid = fork();
	if (pid == 0)
		_exit(first_allowed());
	return waitpid(pid, &ended, 0) == pid && WIFEXITED(ended) ? WEXITSTATUS(ended) : 91;
}

TEST(a_thread_that_ran_before_and_a_process_that_comes_later_are_limited_too)
{
	in_a_process(refuse_everywhere);
}

static int use_sockets(void)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_NETLINK};
	int ends[2];

	limit();
	for (size_t i = 0; i < COUNT(families); i++) {
		int type = families[i] == AF_NETLINK ? SOCK_RAW : SOCK_STREAM;

		if (socket(families[i], type | SOCK_CLOEXEC, 0) < 0)
			return (int)i + 1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return 10;
	if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EAFNOSUPPORT)
		return 11;
	return socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0 || errno != EAFNOSUPPORT ? 12 : 0;
}

TEST(only_sockets_of_the_usual_families)
{
	in_a_process(use_sockets);
}

static int use_the_system(void)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char path[] = "/tmp/prebind-unit-XXXXXX";

	limit();
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 || unlink(path) != 0)
		return 1;
	if (getpwuid(geteuid()) == NULL)
		return 2;
	if (getaddrinfo("localhost", "80", &hints, &found) != 0)
		return 3;
	freeaddrinfo(found);
	return 0;
}

TEST(files_accounts_and_names_can_still_be_looked_up)
{
	in_a_process(use_the_system);
}
