/*
 * Limits what a process can do. A server started as root changes to its account permanently, before
 * it reads data from clients. A process that serves has a memory limit, because a malformed FastCGI
 * stream can make libfcgi allocate any amount of memory. With the limit, such a stream ends one
 * process, but does not affect the machine. A process that crashes, for example because libfcgi
 * fails an assertion, logs the reason.
 */
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/server_parts.h"

#define NAME_SPACE 4096 /* in bytes, for an entry of the user database */

/*
 * The maximum number of malloc's arenas. An arena never shrinks, and hundreds of threads would have
 * many by default. In a test with eight arenas, requests were not faster than with two, but a busy
 * process was half a MiB larger.
 */
#define ARENAS_MAX 2
#define OTHERS_STACK                                                                               \
	(256 * 1024) /* bytes of stack for threads of libraries, as for libcurl's name lookups */
#define DATA_BASE     (512L << 20) /* in bytes; for sites, connections and password hashing */
#define REQUEST_DATA  (320L << 10) /* in bytes; for a thread's stack and its request */
#define EXIT_BY_CRASH 128          /* exit status; the signal's number is added, as in a shell */
/* enough to save the registers of any processor and to write a log line */
#define CRASH_STACK_SIZE (16 * 1024)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* a sanitizer has its own crash handlers and needs unlimited memory */
#else
#define SANITIZED 0
#endif

/* ---- the account ---- */

enum status account_find(const struct server_conf *conf, struct account *out, struct error *err)
{
	struct account account = {.uid = geteuid(), .gid = getegid(), .name = conf->user};
	struct passwd user, *found = NULL;
	char space[NAME_SPACE];
	struct conf_place place = conf_server_place(conf, "user");

	if (geteuid() != 0) {
		*out = account;
		return STATUS_OK;
	}
	if (!*conf->user)
		return conf_fault(err, STATUS_FORBIDDEN, place,
				  "is empty, so the program cannot be started as root; set user in "
				  "[server] to an account that only prebind uses");
	if (getpwnam_r(conf->user, &user, space, sizeof(space), &found) != 0 || found == NULL)
		return conf_fault(err, STATUS_INTERNAL, place,
				  "there is no user '%s'; run: adduser --system --group %s",
				  conf->user, conf->user);
	if (user.pw_uid == 0 || user.pw_gid == 0)
		return conf_fault(err, STATUS_FORBIDDEN, place,
				  "'%s' is root; use an account that only prebind uses",
				  conf->user);
	account.take = true;
	account.uid = user.pw_uid;
	account.gid = user.pw_gid;
	*out = account;
	return STATUS_OK;
}

enum status account_take(const struct account *account, struct error *err)
{
	if (!account->take)
		return STATUS_OK;
	struct error why = {0};
	if (log_give(account->uid, account->gid, &why) != STATUS_OK)
		log_event(LOG_LEVEL_WARN, "log_stays_roots", "why", why.text, NULL);
	if (initgroups(account->name, account->gid) != 0 || setgid(account->gid) != 0 ||
	    setuid(account->uid) != 0)
		return error_set(err, STATUS_INTERNAL, "cannot become user '%s': %m",
				 account->name);
	/* fail if it is possible to become root again */
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || getuid() != account->uid ||
	    geteuid() != account->uid || getgid() != account->gid || getegid() != account->gid)
		return error_set(err, STATUS_INTERNAL,
				 "the program became user '%s', but could become root again",
				 account->name);
	return STATUS_OK;
}

/* ---- limits and crashes ---- */

static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE};

/* A signal handler. It can call only the functions listed in signal-safety(7). */
static void on_crash(int number)
{
	log_crash(number);
	_exit(EXIT_BY_CRASH + number);
}

void limits_set(const struct server_conf *conf)
{
	rlim_t data = DATA_BASE + (rlim_t)(conf->threads + conf->waiting_max) * REQUEST_DATA;
	struct rlimit limit = {data, data};
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
	pthread_attr_t attr;

	mallopt(M_ARENA_MAX, ARENAS_MAX);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, OTHERS_STACK);
	pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
	if (SANITIZED)
		return;
	setrlimit(RLIMIT_DATA, &limit);
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &action, NULL);
}

void *crash_stack_use(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK;
	stack_t alternative = {.ss_size = CRASH_STACK_SIZE};

	if (SANITIZED)
		return NULL;
	alternative.ss_sp = mmap(NULL, CRASH_STACK_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (alternative.ss_sp == MAP_FAILED)
		return NULL;
	sigaltstack(&alternative, NULL);
	return alternative.ss_sp;
}

void crash_stack_free(void *stack)
{
	const stack_t none = {.ss_flags = SS_DISABLE};

	if (stack == NULL)
		return;
	sigaltstack(&none, NULL);
	munmap(stack, CRASH_STACK_SIZE);
}
