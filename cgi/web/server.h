/*
 * From the web server to a handler and back: plain CGI, FastCGI on descriptor 0, or FastCGI on a
 * UNIX socket of our own with worker threads and, behind a supervisor, several processes. The only
 * user of libfcgi.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "conf/conf.h"
#include "web/response.h"

/* A request has so long for its body, and as a rule for all of it (REL-UP-1). */
#define REQUEST_MS 8000

/* One exchange as the gateway gives it. */
struct gateway {
	char *const *params; /* "NAME=value" …, NULL; borrowed until the handler returns */
	/* Of the body. 0: its end; -1: it broke off or, with EBUSY, too many bodies are awaited. */
	ssize_t (*read)(void *io, void *buffer, size_t size);
	void *io;
	int64_t began_ms; /* monotonic */
};

/*
 * Fills *response (initialised by the server) and returns; called from several threads at once. The
 * thread has a waiter then (base/wait.h).
 */
typedef void server_handler(void *app, const struct gateway *gateway, struct response *response);

enum server_mode { SERVER_CGI, SERVER_FCGI_STDIN, SERVER_FCGI_SOCKET };

/*
 * Which of the three: CGI where the environment says so (GATEWAY_INTERFACE or REQUEST_METHOD) and
 * descriptor 0 is not a listening socket; FastCGI on descriptor 0 where that is a listening socket;
 * else the socket that systemd hands over, or the configured one.
 */
enum status server_mode_detect(const struct server_conf *conf, enum server_mode *out,
			       struct error *err);

/* True if we were started as CGI: argv must then be ignored (SEC-CGI-1). */
bool server_is_cgi(void);

/*
 * Serves until SIGTERM or SIGINT, then answers what is in flight (at most 10 s) and returns; CGI:
 * one request. start, called in each process after the fork and before its threads, makes the app;
 * stop frees it. In the parent neither is called. STATUS_BUSY: some requests were not answered in
 * time; their threads still use the app, which is not stopped: end the process.
 */
struct server_app {
	/*
	 * In the parent of several, before the first: starts what they all have in common, which
	 * is in memory once then. No threads, no connections; start is called all the same.
	 */
	enum status (*prepare)(void *arg, struct error *err);
	enum status (*start)(void *arg, void **app, struct error *err);
	void (*stop)(void *app);
	server_handler *handle;
	/* CGI, where start failed: answers in its place. */
	void (*handle_failed)(const struct error *why, const struct gateway *gateway,
			      struct response *response);
	/*
	 * SIGHUP. reload, in a process that serves, while it does: exchanges what the app was made
	 * from, or leaves all as it is, logs why, and fails. The server logs "reloaded" when each
	 * process has done so. renew, in the parent of several: the same
	 * for what start begins with; what it fails for, and what start then fails for in a process
	 * of its own that serves nobody, is never tried in the ones that serve.
	 */
	enum status (*reload)(void *app);
	enum status (*renew)(void *arg, struct error *err);
	void (*reopen)(void *arg); /* SIGUSR1, in every process: the log was moved away */
	void *arg;
};
enum status server_run(const struct server_conf *conf, enum server_mode mode,
		       const struct server_app *app, struct error *err);

#endif
