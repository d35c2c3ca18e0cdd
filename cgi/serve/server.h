/*
 * Carries requests from the web server to a handler, and the answers back. There are three modes:
 * plain CGI, FastCGI on descriptor 0, and FastCGI on our own UNIX socket. The last has worker
 * threads and, under a supervisor, several processes. Only fcgi.c uses libfcgi.
 */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "conf/conf.h"
#include "web/request.h"
#include "web/response.h"

/*
 * The time for a request's body and, as a rule, for the whole request. It is shorter than the
 * time-outs of web servers, so the visitor gets our answer and not theirs.
 */
#define REQUEST_MS 8000

/*
 * Fills *response, which the server has initialised. Several threads call it at once. The calling
 * thread has a waiter (base/wait.h).
 */
typedef void server_handler(void *app, const struct raw_request *raw, struct response *response);

enum server_mode { SERVER_CGI, SERVER_FCGI_STDIN, SERVER_FCGI_SOCKET };

/*
 * Tells which mode applies. CGI: the environment has GATEWAY_INTERFACE or REQUEST_METHOD, and
 * descriptor 0 is not a listening socket. FastCGI on descriptor 0: that is a listening socket. Else
 * the socket is the one that systemd hands over, or the configured one.
 */
enum status server_mode_detect(const struct server_conf *conf, enum server_mode *out,
			       struct error *err);

/*
 * True if the program was started as CGI. The caller must then ignore argv, because a web server
 * may put parts of the query there.
 */
bool server_is_cgi(void);

/*
 * Serves until SIGTERM or SIGINT, then answers the requests in flight for at most 10 s and returns.
 * In CGI it serves one request. Each process calls start, after the fork and before its threads, to
 * make the app; stop frees it. The parent calls neither. STATUS_BUSY: some requests were not
 * answered in time. Their threads still use the app, which is not stopped: end the process.
 */
struct server_app {
	/*
	 * The parent of several processes calls it before it starts the first one. It sets up what
	 * all processes share, which is then in memory only once. It must not start threads or open
	 * connections. start is called as well.
	 */
	enum status (*prepare)(void *arg, struct error *err);
	enum status (*start)(void *arg, void **app, struct error *err);
	void (*stop)(void *app);
	server_handler *handle;
	/* CGI: answers the request if start failed. */
	void (*handle_failed)(const struct error *why, const struct raw_request *raw,
			      struct response *response);
	/*
	 * Both are called at SIGHUP. reload is called in a process that serves, and requests go on
	 * meanwhile. It replaces the configuration of the app; if that fails, it changes nothing
	 * and logs the reason. The server logs "reloaded" when all processes have succeeded. renew
	 * is called in the parent of several processes. It replaces the configuration that start
	 * uses. If renew fails, or if a trial process fails to start with it, the serving processes
	 * do not reload.
	 */
	enum status (*reload)(void *app);
	enum status (*renew)(void *arg, struct error *err);
	void (*reopen)(void *arg); /* SIGUSR1, in every process: the log file was moved away */
	void *arg;
};
enum status server_run(const struct server_conf *conf, enum server_mode mode,
		       const struct server_app *app, struct error *err);

/*
 * The checks of [server] that a start makes, for prebindctl check. They are the same functions with
 * the same errors. None of them changes anything.
 */

/* Checks the key listen: a socket can have this path, and its folder exists and is safe. */
enum status listen_path_check(const struct server_conf *conf, struct error *err);

/* Checks that each name of peer_users is an account. */
enum status peer_users_check(const struct server_conf *conf, struct error *err);

/* Finds the group of socket_group. *out is (gid_t)-1 if none is set. */
enum status socket_group_find(const struct server_conf *conf, gid_t *out, struct error *err);

#endif
