/*
 * Carries requests from the web server to a handler, and the answers back. There are three modes:
 * plain CGI, FastCGI on descriptor 0, and FastCGI on our own UNIX socket. Both FastCGI modes have
 * worker threads. Only the mode with our own socket can have several processes, which a parent
 * process supervises. Only fcgi.c uses libfcgi.
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
 * The time limit for reading a request's body and, as a rule, for the whole request. It is shorter
 * than the time-outs of web servers, so the visitor gets our answer and not the web server's.
 */
#define REQUEST_MS 8000

/*
 * Fills *response, which the server has initialized. Several threads call it at once. The calling
 * thread has a waiter (base/blocking.h), except in plain CGI.
 */
typedef void server_handler(void *app, const struct raw_request *raw, struct response *response);

enum server_mode { SERVER_CGI, SERVER_FCGI_STDIN, SERVER_FCGI_SOCKET };

/*
 * Finds out which mode applies. If descriptor 0 is a listening socket, it is FastCGI on that
 * socket. Otherwise it is CGI if the environment has GATEWAY_INTERFACE or REQUEST_METHOD. Without
 * these variables it is FastCGI on the socket that systemd hands over, or on the configured one.
 */
enum status server_mode_detect(const struct server_conf *conf, enum server_mode *out,
			       struct error *err);

/*
 * Returns true if the program was started as CGI. The caller must then ignore argv, because a web
 * server can put parts of the query there.
 */
bool server_is_cgi(void);

/*
 * server_run serves until SIGTERM or SIGINT, and drain_ms longer. Then it answers the requests in
 * flight for at most 10 s, and returns. As CGI, it serves one request. Each process calls start
 * after the fork and before it starts threads; start makes the app, and stop frees it. The parent
 * calls neither of them.
 *
 * server_run returns STATUS_BUSY if some requests were not answered in time. Their threads still
 * use the app, so stop was not called, and the caller must end the process.
 */
struct server_app {
	/*
	 * The parent of several processes calls prepare before it starts the first process. prepare
	 * sets up what all processes share, so that it is in memory only once. It must not start
	 * threads or open connections. Each process calls start later.
	 */
	enum status (*prepare)(void *arg, struct error *err);
	enum status (*start)(void *arg, void **app, struct error *err);
	void (*stop)(void *app);
	server_handler *handle;
	/* As CGI only: answers the request if start failed. */
	void (*handle_failed)(const struct error *why, const struct raw_request *raw,
			      struct response *response);
	/*
	 * Both are called at SIGHUP. reload is called in a process that serves, while it answers
	 * requests. It replaces the configuration of the app. If that fails, it changes nothing and
	 * logs the reason. The server logs "reloaded" when all processes have succeeded. renew is
	 * called in the parent of several processes. It replaces the configuration that start uses.
	 * If renew fails, or if a trial process cannot start with the new configuration, the
	 * serving processes do not reload.
	 */
	enum status (*reload)(void *app);
	enum status (*renew)(void *arg, struct error *err);
	void (*reopen)(void *arg); /* called at SIGUSR1 in every process: the log file was moved */
	void *arg;
};
enum status server_run(const struct server_conf *conf, enum server_mode mode,
		       const struct server_app *app, struct error *err);

/*
 * These functions check [server]. A start and prebindctl check both call them, so both report the
 * same errors. The functions change nothing.
 */

/* Checks the key listen: a socket can have this path, and its folder exists and is safe. */
enum status listen_path_check(const struct server_conf *conf, struct error *err);

/* Checks that each name of peer_users is an account. */
enum status peer_users_check(const struct server_conf *conf, struct error *err);

/* Finds the group of socket_group. *out is (gid_t)-1 if none is set. */
enum status socket_group_find(const struct server_conf *conf, gid_t *out, struct error *err);

#endif
