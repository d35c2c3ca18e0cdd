/*
 * Sets limits on what a process may use, and logs a line when a process crashes. A malformed
 * FastCGI stream can make libfcgi request any amount of memory or fail an assertion. The limits let
 * this end one process only and leave the machine alone. A crashed process logs the reason and does
 * not try to go on.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/server_parts.h"

/*
 * Arenas of malloc. Each keeps its largest size, and there are hundreds of threads. Eight made no
 * request faster than two, and made a busy process half a MiB larger.
 */
#define ARENAS_MAX 2
#define OTHERS_STACK                                                                               \
	(256 * 1024) /* for threads that libraries start, such as libcurl's for name look-ups */
#define DATA_BASE     (512L << 20) /* sites, connections, passwords being hashed */
#define REQUEST_DATA  (320L << 10) /* a stack and the memory of a request */
#define EXIT_BY_CRASH 128          /* plus the signal's number, as in a shell */
/* enough for the registers of any processor and a log line */
#define CRASH_STACK_SIZE (16 * 1024)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* the sanitizer has its own handlers and needs unlimited memory */
#else
#define SANITIZED 0
#endif

static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE};

/* May call only what signal-safety(7) allows. */
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
