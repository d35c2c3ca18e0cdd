/*
 * The parent process. It starts the processes that serve, and replaces those that die. If a
 * malformed FastCGI stream crashes a process (libfcgi fails an assertion), only the requests of
 * that process are lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "serve/server_parts.h"

#define PROCESSES_MAX 64

/* Growing delays before a dead process is replaced. RESPAWN_SLOW_MS is for frequent deaths. */
#define RESPAWN_FIRST_MS 50
#define RESPAWN_MAX_MS   1000
#define RESPAWN_SLOW_MS  5000
#define DEATHS_MAX       10 /* if more processes die in DEATHS_WINDOW_MS, delays are long */
#define DEATHS_WINDOW_MS 60000

#define KILL_AFTER_MS ((DRAIN_S + 1) * 1000) /* a child that still runs after this time is killed */

struct child {
	pid_t pid;     /* 0 if the process does not run */
	size_t index;  /* index of the process on the reload board */
	int64_t retry; /* when to start the process again, in monotonic ms */
};

/* Memory that the parent shares with its processes. */
struct reload_board {
	int wake;           /* an inherited eventfd; each process writes to it after a reload */
	atomic_uint wanted; /* number of the latest reload */
	atomic_uint failed; /* number of the latest reload that failed in any process */
	atomic_uint done[PROCESSES_MAX];
};

struct supervisor {
	struct server *server;
	size_t count;
	struct reload_board *board;
	bool reloading; /* true until all processes have handled the SIGHUP of a reload */
	struct child children[PROCESSES_MAX];
	int signals;
	bool reload;     /* SIGHUP was received, but is not handled yet */
	bool stop;       /* SIGTERM or SIGINT was received */
	unsigned deaths; /* processes that died since `window` */
	int64_t window;
};

/*
 * Writes the child's report to the parent. A child reports only once. The report is shorter than
 * PIPE_BUF, so the parent gets either all of it or nothing.
 */
static void report_write(struct server *server, const struct error *result)
{
	int *report = &server->link.report;

	if (*report < 0)
		return;
	while (write(*report, result, sizeof(*result)) < 0 && errno == EINTR)
		;
	close(*report);
	*report = -1; /* because the descriptor's number can be reused for another file */
}

void process_ready(struct server *server)
{
	struct error ready = {.status = STATUS_OK};

	report_write(server, &ready);
}

static void board_note(struct reload_board *board, size_t index, unsigned number,
		       enum status status)
{
	uint64_t one = 1;

	if (status != STATUS_OK)
		atomic_store(&board->failed, number);
	atomic_store(&board->done[index], number);
	while (write(board->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void process_reload(struct server *server)
{
	struct reload_board *board = server->link.board;
	/* Read the number before the reload, because it can change during the reload. */
	unsigned number = board != NULL ? atomic_load(&board->wanted) : 0;
	enum status status = server->app->reload(server->state);

	log_event(board == NULL && status == STATUS_OK ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
		  status != STATUS_OK ? "process_not_reloaded"
		  : board == NULL     ? "reloaded"
				      : "process_reloaded",
		  NULL);
	if (board != NULL)
		board_note(board, server->link.index, number, status);
}

/*
 * The main function of a child, which serves or tests a configuration. It ends with _exit, because
 * buffers and exit handlers belong to the parent.
 */
typedef void child_life(struct server *server);

static void life_serve(struct server *server)
{
	struct error err = {.status = STATUS_OK};
	enum status status = server_serve(server, &err);

	if (status != STATUS_OK) {
		log_event(LOG_LEVEL_ERROR, "process_failed", "why", err.text, NULL);
		report_write(server, &err);
	}
	log_flush();
	_exit(status == STATUS_OK ? 0 : 1);
}

/* Tests whether a process can start with the new configuration, after SIGHUP. */
static void life_trial(struct server *server)
{
	const struct server_app *app = server->app;
	struct error err = {.status = STATUS_OK};
	void *state = NULL;

	enum status status = app->renew(app->arg, &err);
	if (status == STATUS_OK)
		status = app->start(app->arg, &state, &err);
	if (status == STATUS_OK)
		app->stop(state);
	report_write(server, &err);
	log_flush();
	_exit(0);
}

/* Starts a child. If report is not NULL, sets *report to the descriptor for its start report. */
static enum status spawn(struct supervisor *sup, child_life *life, struct child *child, int *report,
			 struct error *err)
{
	pid_t parent = getpid();
	int ends[2] = {-1, -1};
	pid_t pid;

	if (report != NULL && pipe2(ends, O_CLOEXEC) != 0)
		return error_set(err, STATUS_INTERNAL, "pipe: %m");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(sup->signals);
		if (report != NULL)
			close(ends[0]);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(0);
		sup->server->link = (struct process_link){
		    .report = ends[1], .board = sup->board, .index = child->index};
		life(sup->server);
	}
	if (report != NULL)
		close(ends[1]);
	if (pid < 0) {
		if (report != NULL)
			close(ends[0]);
		return error_set(err, STATUS_INTERNAL, "fork: %m");
	}
	child->pid = pid;
	if (report != NULL)
		*report = ends[0];
	return STATUS_OK;
}

/* Marks a child that is not running as reloaded, because it starts with the new configuration. */
static void child_is_current(struct supervisor *sup, const struct child *child)
{
	atomic_store(&sup->board->done[child->index], atomic_load(&sup->board->wanted));
}

static void kill_all(const struct supervisor *sup, int signal_number)
{
	for (size_t i = 0; i < sup->count; i++) {
		if (sup->children[i].pid > 0)
			kill(sup->children[i].pid, signal_number);
	}
}

/* Stores what the received signals request. Only SIGUSR1 is handled here: it reopens the log. */
static void take_signals(struct supervisor *sup)
{
	int number;

	while ((number = signals_next(sup->signals)) != 0) {
		sup->stop |= number == SIGTERM || number == SIGINT;
		sup->reload |= number == SIGHUP;
		if (number != SIGUSR1)
			continue;
		sup->server->app->reopen(sup->server->app->arg);
		kill_all(sup, SIGUSR1);
	}
}

/*
 * Waits until a child reports that it has started. Returns the error that the child reports, or
 * STATUS_BUSY if a stop signal is received first.
 */
static enum status await_report(struct supervisor *sup, int report, struct error *err)
{
	struct error result = {.status = STATUS_OK};
	struct pollfd fds[] = {
	    {.fd = report,       .events = POLLIN},
	    {.fd = sup->signals, .events = POLLIN},
	};

	for (;;) {
		if (poll(fds, 2, server_pause(sup->server)) < 0)
			continue;
		if (fds[0].revents)
			break;
		take_signals(sup);
		if (sup->stop)
			return STATUS_BUSY;
	}
	if (read(report, &result, sizeof(result)) != sizeof(result))
		return error_set(err, STATUS_INTERNAL,
				 "a worker process died while it was starting");
	return result.status == STATUS_OK ? STATUS_OK
					  : error_set(err, result.status, "%s", result.text);
}

static enum status start_all(struct supervisor *sup, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sup->count && status == STATUS_OK; i++) {
		int report = -1;

		sup->children[i].index = i;
		status = spawn(sup, life_serve, &sup->children[i], &report, err);
		if (status == STATUS_OK)
			status = await_report(sup, report, err);
		if (report >= 0)
			close(report);
	}
	return status;
}

static int64_t respawn_delay(struct supervisor *sup, int64_t now)
{
	int64_t delay = RESPAWN_FIRST_MS;

	if (now - sup->window > DEATHS_WINDOW_MS) {
		sup->window = now;
		sup->deaths = 0;
	}
	if (++sup->deaths > DEATHS_MAX)
		return RESPAWN_SLOW_MS;
	for (unsigned i = 1; i < sup->deaths && delay < RESPAWN_MAX_MS; i++)
		delay *= 2;
	return delay < RESPAWN_MAX_MS ? delay : RESPAWN_MAX_MS;
}

static void log_death(pid_t pid, int how)
{
	char number[24], text[64];

	snprintf(number, sizeof(number), "%ld", (long)pid);
	if (WIFSIGNALED(how))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(how));
	else
		snprintf(text, sizeof(text), "exit status %d", WEXITSTATUS(how));
	log_event(LOG_LEVEL_ERROR, "process_died", "pid", number, "how", text, NULL);
}

/* Collects the children that have ended, and returns the number of children that still run. */
static size_t reap(struct supervisor *sup, bool stopping)
{
	size_t left = 0;

	for (size_t i = 0; i < sup->count; i++) {
		struct child *child = &sup->children[i];
		int how;

		if (child->pid > 0 && waitpid(child->pid, &how, WNOHANG) == child->pid) {
			int64_t now = clock_monotonic_ms();

			if (!stopping)
				log_death(child->pid, how);
			child->pid = 0;
			metrics_process_ended(child->index);
			child->retry = now + respawn_delay(sup, now);
		}
		left += child->pid > 0;
	}
	return left;
}

/*
 * Starts the missing processes whose delay is over. Returns the milliseconds until the next process
 * can start, or -1 if none is missing.
 */
static int respawn(struct supervisor *sup)
{
	int wait = -1;

	for (size_t i = 0; i < sup->count; i++) {
		struct child *child = &sup->children[i];
		int64_t left = clock_left_ms(child->retry);
		struct error err;

		if (child->pid > 0)
			continue;
		child_is_current(sup, child);
		if (left == 0 && spawn(sup, life_serve, child, NULL, &err) == STATUS_OK)
			continue;
		if (left == 0) { /* fork failed, so try again later */
			log_event(LOG_LEVEL_ERROR, "process_failed", "why", err.text, NULL);
			child->retry = clock_monotonic_ms() + RESPAWN_MAX_MS;
			left = RESPAWN_MAX_MS;
		}
		if (wait < 0 || left < wait)
			wait = (int)left;
	}
	return wait;
}

/*
 * Tests the new configuration in a separate process, so that an error cannot end a process that
 * serves. Returns STATUS_BUSY if a stop signal is received first.
 */
static enum status try_configuration(struct supervisor *sup, struct error *err)
{
	struct child trial = {0};
	int report = -1;
	enum status status = spawn(sup, life_trial, &trial, &report, err);

	if (status != STATUS_OK)
		return status;
	status = await_report(sup, report, err);
	close(report);
	if (status == STATUS_BUSY)
		kill(trial.pid, SIGKILL);
	waitpid(trial.pid, NULL, 0);
	return status;
}

static void reload(struct supervisor *sup)
{
	struct error err = {.status = STATUS_OK};

	sup->reload = false;
	notify_reloading(&sup->server->notify);
	enum status status = try_configuration(sup, &err);
	if (status == STATUS_OK)
		status = sup->server->app->renew(sup->server->app->arg, &err);
	if (status == STATUS_OK) {
		atomic_fetch_add(&sup->board->wanted, 1);
		sup->reloading = true;
		kill_all(sup, SIGHUP);
	} else if (status != STATUS_BUSY) {
		log_event(LOG_LEVEL_ERROR, "reload_failed", "why", err.text, NULL);
		notify_ready(&sup->server->notify, sup->count);
	}
}

/* Ends the reload if all processes have finished it. Logs "reloaded" if it failed in no process. */
static void reload_end(struct supervisor *sup)
{
	unsigned wanted = atomic_load(&sup->board->wanted);
	uint64_t count;

	while (read(sup->board->wake, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < sup->count; i++)
		if (sup->children[i].pid > 0 && atomic_load(&sup->board->done[i]) != wanted)
			return;
	if (!sup->reloading)
		return;
	sup->reloading = false;
	if (atomic_load(&sup->board->failed) != wanted)
		log_event(LOG_LEVEL_INFO, "reloaded", NULL);
	notify_ready(&sup->server->notify, sup->count);
}

/* Runs until a stop signal is received. */
static void keep_alive(struct supervisor *sup)
{
	struct pollfd fds[] = {
	    {.fd = sup->signals,     .events = POLLIN},
	    {.fd = sup->board->wake, .events = POLLIN},
	};

	notify_ready(&sup->server->notify, sup->count);
	while (!sup->stop) {
		/*
		 * Collect dead children first, because await_report can have read the SIGCHLD of a
		 * dead child.
		 */
		reap(sup, false);
		reload_end(sup);
		if (sup->reload)
			reload(sup);
		else
			poll(fds, 2, pause_sooner(respawn(sup), server_pause(sup->server)));
		take_signals(sup);
	}
}

static enum status stop_all(struct supervisor *sup, struct error *err)
{
	int64_t limit_ms = sup->server->conf->drain_ms + KILL_AFTER_MS;
	int64_t deadline = clock_monotonic_ms() + limit_ms;
	struct pollfd fd = {.fd = sup->signals, .events = POLLIN};
	int number;

	notify_stopping(&sup->server->notify);
	kill_all(sup, SIGTERM);
	while (reap(sup, true) > 0) {
		int64_t left = clock_left_ms(deadline);

		if (left == 0)
			break;
		poll(&fd, 1, (int)left);
		/*
		 * A second stop signal ends the drain. The processes get it as SIGINT, because a
		 * second SIGTERM is lost if a process has not read the first.
		 */
		while ((number = signals_next(sup->signals)) != 0)
			if (number == SIGTERM || number == SIGINT)
				kill_all(sup, SIGINT);
	}
	if (reap(sup, true) == 0)
		return STATUS_OK;
	kill_all(sup, SIGKILL);
	for (size_t i = 0; i < sup->count; i++) {
		if (sup->children[i].pid > 0)
			waitpid(sup->children[i].pid, NULL, 0);
	}
	return error_set(err, STATUS_BUSY, "a process did not stop within %d s and was killed",
			 (int)(limit_ms / 1000));
}

static struct reload_board *board_new(void)
{
	struct reload_board *board =
	    mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED)
		return NULL;
	board->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (board->wake >= 0)
		return board;
	munmap(board, sizeof(*board)); /* does not change errno */
	return NULL;
}

enum status processes_run(struct server *server, struct error *err)
{
	struct supervisor sup = {
	    .server = server,
	    .count = (size_t)server->conf->processes,
	};
	enum status started, stopped;

	if (sup.count > PROCESSES_MAX)
		return error_set(err, STATUS_INTERNAL, "cannot supervise more than %d processes",
				 PROCESSES_MAX);
	sup.signals = signals_open();
	if (sup.signals < 0)
		return error_set(err, STATUS_INTERNAL, "cannot receive signals: %m");
	sup.board = board_new();
	if (sup.board == NULL) {
		error_set(err, STATUS_INTERNAL, "cannot share memory with the processes: %m");
		close(sup.signals);
		return STATUS_INTERNAL;
	}
	started = start_all(&sup, err);
	if (started == STATUS_OK)
		keep_alive(&sup);
	bool failed = started != STATUS_OK && started != STATUS_BUSY; /* err says why */
	stopped = stop_all(&sup, failed ? NULL : err);
	close(sup.signals);
	close(sup.board->wake);
	munmap(sup.board, sizeof(*sup.board));
	return failed ? started : stopped;
}
