/*
 * The main thread of a process that serves. It starts the other threads, handles signals and ends
 * the others. It serves no requests.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "serve/server_parts.h"

static void reload(const struct pool_task *task)
{
	notify_reloading(task->notify);
	task->reload(task->arg);
	notify_ready(task->notify, 1);
}

/* Runs until a signal to stop comes. */
static enum status watch(const struct pool_task *task, int signals, int gone, struct error *err)
{
	struct pollfd fds[] = {
	    {.fd = signals, .events = POLLIN},
	    {.fd = gone,    .events = POLLIN},
	};

	for (;;) {
		int number;

		if (poll(fds, 2, notify_watchdog(task->notify)) < 0 && errno != EINTR)
			return error_set(err, STATUS_INTERNAL, "poll: %m");
		if (fds[1].revents)
			return error_set(err, STATUS_INTERNAL, "the listening socket is gone");
		number = signals_next(signals);
		if (number == SIGHUP)
			reload(task);
		else if (number == SIGUSR1)
			task->reopen(task->arg);
		else if (number == SIGTERM || number == SIGINT)
			return STATUS_OK;
	}
}

enum status pool_serve(const struct pool_task *task, struct error *err)
{
	int signals = signals_open();
	struct pool *pool = signals >= 0 ? pool_new(task) : NULL;
	enum status status;

	if (!pool) {
		if (signals >= 0)
			close(signals);
		return error_set(err, STATUS_INTERNAL, "cannot start to serve: %m");
	}
	status = pool_start(pool, err);
	if (status == STATUS_OK) {
		notify_ready(task->notify, 1);
		status = watch(task, signals, pool_gone(pool), err);
	}
	notify_stopping(task->notify);
	close(signals);
	if (!pool_stop(pool)) /* they still use the pool; the end of the process frees it */
		return error_set(err, STATUS_BUSY, "stopped with requests unanswered after %d s",
				 DRAIN_S);
	pool_free(pool);
	return status;
}
