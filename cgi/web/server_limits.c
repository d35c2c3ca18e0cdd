/*
 * What a process may take of the machine, and the last words of one that serves. A malformed
 * FastCGI stream makes libfcgi ask for any amount of memory, or end the process by an assertion: it
 * takes one process with it, not the machine (SEC-FCGI-4, REL-OS-4).
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "web/server_parts.h"

/*
 * Of malloc: each keeps what it once had, and there are hundreds of threads. Eight made no request
 * faster than two, and a busy process half a MiB larger.
 */
#define ARENAS_MAX 2
#define OTHERS_STACK                                                                               \
	(256 * 1024) /* of threads that libraries start: libcurl's, which look names up */
#define DATA_BASE        (512L << 20) /* sites, connections, passwords being hashed */
#define REQUEST_DATA     (320L << 10) /* a stack, and what a request holds */
#define EXIT_BY_CRASH    128          /* + the signal, as a shell says it */
#define CRASH_STACK_SIZE (16 * 1024)  /* the registers of any processor, and a line of the log */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* it has handlers of its own, and needs memory without end */
#else
#define SANITIZED 0
#endif

static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE};

/* Nothing but what signal-safety(7) allows. */
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

	if (!stack)
		return;
	sigaltstack(&none, NULL);
	munmap(stack, CRASH_STACK_SIZE);
}
