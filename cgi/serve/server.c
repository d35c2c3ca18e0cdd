/*
 * Finds the server's mode, starts the server, handles its signals and stops it. server_run makes
 * the only struct server. With several processes, each process calls server_serve with its own
 * copy. In a process that serves, the main thread only handles signals, and the threads of
 * threads.c serve requests.
 */
#include "serve/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/history.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/stopping.h"
#include "base/recent_failures.h"
#include "serve/server_parts.h"

bool server_is_cgi(void)
{
	return (getenv("GATEWAY_INTERFACE") != NULL || getenv("REQUEST_METHOD") != NULL) &&
	       !socket_is_listening(STDIN_FILENO);
}

enum status server_mode_detect(const struct server_conf *conf, enum server_mode *out,
			       struct error *err)
{
	if (server_is_cgi())
		*out = SERVER_CGI;
	else if (socket_is_listening(STDIN_FILENO))
		*out = SERVER_FCGI_STDIN;
	else if (activation_given() || *conf->listen)
		*out = SERVER_FCGI_SOCKET;
	else
		return error_set(
		    err, STATUS_INTERNAL,
		    "nothing to serve: no web server started this program as CGI or FastCGI, "
		    "systemd did not pass a socket, and listen in [server] is empty");
	return STATUS_OK;
}

/* ---- signals ---- */

static void our_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGCHLD);
}

static enum status signals_block(sigset_t *old, struct error *err)
{
	sigset_t set;

	our_signals(&set);
	/*
	 * Reset ignored signals. An ignored signal would not reach the signalfd, and waitpid would
	 * fail if SIGCHLD was ignored.
	 */
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	errno = pthread_sigmask(SIG_BLOCK, &set, old);
	if (errno)
		return error_set(err, STATUS_INTERNAL, "cannot block signals: %m");
	return STATUS_OK;
}

int signals_open(void)
{
	sigset_t set;

	our_signals(&set);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_next(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

/* ---- one process ---- */

int pause_sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

int server_pause(struct server *server)
{
	int pause = notify_watchdog(&server->notify);

	/* with several processes, only the parent updates the history */
	return server->link.board != NULL ? pause : pause_sooner(pause, history_tick());
}

static void reload(struct server *server)
{
	notify_reloading(&server->notify);
	process_reload(server);
	notify_ready(&server->notify, 1);
}

/* Handles signals until a stop signal is received. */
static enum status watch(struct server *server, int signals, struct error *err)
{
	struct pollfd fd = {.fd = signals, .events = POLLIN};
	int number = 0;

	while (number != SIGTERM && number != SIGINT) {
		if (poll(&fd, 1, server_pause(server)) < 0 && errno != EINTR)
			return error_set(err, STATUS_INTERNAL, "poll: %m");
		number = signals_next(signals);
		if (number == SIGHUP)
			reload(server);
		else if (number == SIGUSR1)
			server->app->reopen(server->app->arg);
	}
	if (server->gone)
		return error_set(err, STATUS_INTERNAL,
				 "the listening socket can no longer be used");
	return STATUS_OK;
}

/*
 * Continues to serve for drain_ms. Meanwhile /health reports that the server is stopping. A second
 * stop signal shortens this time.
 */
static void drain(struct server *server, int signals)
{
	int64_t until_ms = clock_monotonic_ms() + server->conf->drain_ms;
	struct pollfd fd = {.fd = signals, .events = POLLIN};
	int number = 0;

	if (server->gone || server->conf->drain_ms == 0)
		return;
	stopping_begin();
	while (clock_left_ms(until_ms) > 0 && number != SIGTERM && number != SIGINT) {
		int left = (int)clock_left_ms(until_ms);

		poll(&fd, 1, pause_sooner(left, notify_watchdog(&server->notify)));
		number = signals_next(signals);
	}
}

/*
 * Serves until a stop signal is received. Returns STATUS_BUSY if some threads are still working and
 * use the server.
 */
static enum status serve_until_stopped(struct server *server, int signals, struct error *err)
{
	enum status status = threads_start(server, err);

	if (status != STATUS_OK)
		return status;
	process_ready(server);
	notify_ready(&server->notify, 1);
	status = watch(server, signals, err);
	notify_stopping(&server->notify);
	drain(server, signals);
	if (threads_stop(server))
		return status;
	return error_set(err, STATUS_BUSY,
			 "some requests were still not answered after %d s, so the server stopped "
			 "without answering them",
			 DRAIN_S);
}

enum status server_serve(struct server *server, struct error *err)
{
	const struct server_app *app = server->app;
	int signals = signals_open();
	enum status status;

	if (signals < 0)
		return error_set(err, STATUS_INTERNAL, "cannot receive signals: %m");
	metrics_process(server->link.index);
	status = fcgi_start(err);
	limits_set(server->conf);
	if (status == STATUS_OK)
		status = app->start(app->arg, &server->state, err);
	if (status == STATUS_OK) {
		status = serve_until_stopped(server, signals, err);
		if (status != STATUS_BUSY)
			app->stop(server->state);
	}
	close(signals);
	return status;
}

/* ---- all processes ---- */

static enum status run_inherited(struct server *server, struct error *err)
{
	enum status status = listener_inherit(server->conf, STDIN_FILENO, &server->listener, err);

	return status == STATUS_OK ? server_serve(server, err) : status;
}

/*
 * Gets the listening socket. Prefers the socket that systemd passes, because that socket remains
 * open while the program restarts.
 */
static enum status socket_get(struct server *server, uid_t owner, struct error *err)
{
	enum status status;
	int fd = -1;

	if (!activation_given())
		return listener_open(server->conf, owner, &server->listener, err);
	status = activation_take(&fd, err);
	return status == STATUS_OK ? listener_inherit(server->conf, fd, &server->listener, err)
				   : status;
}

static enum status run_processes(struct server *server, struct error *err)
{
	enum status status;

	if (server->conf->processes == 1)
		return server_serve(server, err);
	status = server->app->prepare(server->app->arg, err);
	return status == STATUS_OK ? processes_run(server, err) : status;
}

/*
 * Call this only in the mode with our own socket. In the other modes a web server started this
 * process, and decides its limits.
 */
static void limit_system_calls(void)
{
#ifndef __SANITIZE_ADDRESS__ /* the sanitizer starts another program to find source lines */
	struct error why = {0};

	if (system_calls_limit())
		return;
	error_set(&why, STATUS_INTERNAL, "%m");
	log_event(LOG_LEVEL_INFO, "system_calls_unlimited", "why", why.text, NULL);
#endif
}

static enum status run_socket(struct server *server, struct error *err)
{
	struct account account;
	enum status status = account_find(server->conf, &account, err);

	if (status == STATUS_OK)
		status = socket_get(server, account.uid, err);
	if (status != STATUS_OK)
		return status;
	status = account_take(&account, err);
	if (status == STATUS_OK) {
		limit_system_calls();
		status = run_processes(server, err);
	}
	listener_close(&server->listener);
	return status;
}

static enum status run_fcgi(const struct server_conf *conf, enum server_mode mode,
			    const struct server_app *app, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server));
	sigset_t old;
	enum status status;

	if (server == NULL)
		return error_no_memory(err);
	server->conf = conf;
	server->app = app;
	server->notify.fd = -1;
	server->link.report = -1;
	server->serve = fcgi_serve;
	server->refuse = fcgi_refuse;
	/* in the other modes, systemd supervises the web server and not this program */
	if (mode == SERVER_FCGI_SOCKET)
		notify_open(&server->notify);
	status = signals_block(&old, err);
	if (status == STATUS_OK) {
		status = mode == SERVER_FCGI_STDIN ? run_inherited(server, err)
						   : run_socket(server, err);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	if (status != STATUS_BUSY) {
		notify_close(&server->notify);
		free(server);
	}
	return status;
}

enum status server_run(const struct server_conf *conf, enum server_mode mode,
		       const struct server_app *app, struct error *err)
{
	signal(SIGPIPE, SIG_IGN);
	if (mode != SERVER_CGI) {
		metrics_start();
		history_start();
		recent_failures_start();
	}
	return mode == SERVER_CGI ? cgi_run(app, err) : run_fcgi(conf, mode, app, err);
}
