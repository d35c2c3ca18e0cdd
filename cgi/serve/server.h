/*
 * Passes requests from the web server to a handler, and returns the answers. There are three modes:
 * plain CGI, FastCGI on descriptor 0, and FastCGI on our own UNIX socket. Both FastCGI modes have
 * worker threads. Only the mode with our own socket can have several processes, and a parent
 * process supervises them. Only fcgi.c calls libfcgi.
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
 * The time limit for reading a request's body and, normally, for the whole request. Web servers
 * have longer timeouts, so the visitor gets our answer and not the web server's.
 */
#define REQUEST_MS 8000

/*
 * Handles the request and fills *response, which the server has initialized. Several threads can
 * call it at the same time. Except in plain CGI, the calling thread has a waiter (base/blocking.h).
 */
typedef void server_handler(void *app, const struct raw_request *raw, struct response *response);

enum server_mode { SERVER_CGI, SERVER_FCGI_STDIN, SERVER_FCGI_SOCKET };

/*
 * Finds the mode. If descriptor 0 is a listening socket, the mode is FastCGI on that socket. If the
 * environment has GATEWAY_INTERFACE or REQUEST_METHOD, the mode is CGI. Otherwise the mode is
 * FastCGI on the socket from systemd or on the configured socket.
 */
enum status server_mode_detect(const struct server_conf *conf, enum server_mode *out,
			       struct error *err);

/*
 * True if the program was started as CGI. argv must then be ignored, because a web server can put
 * parts of the query into it.
 */
bool server_is_cgi(void);

/*
 * server_run serves until SIGTERM or SIGINT, and for another drain_ms. Then it finishes the running
 * requests within 10 s, and returns. In plain CGI, it serves one request. Each process calls start
 * after the fork and before it starts threads. start creates the app, and stop frees it. The parent
 * calls neither start nor stop.
 *
 * server_run returns STATUS_BUSY if some requests did not finish in time. Their threads still use
 * the app, so stop was not called. The caller must then end the process.
 */
struct server_app {
	/*
	 * Called in the parent of several processes before the first process starts. It prepares
	 * the data that all processes share, so that this data is in memory only once. It must not
	 * start threads or open connections.
	 */
	enum status (*prepare)(void *arg, struct error *err);
	enum status (*start)(void *arg, void **app, struct error *err);
	void (*stop)(void *app);
	server_handler *handle;
	/* Only for plain CGI: answers the request after start has failed. */
	void (*handle_failed)(const struct error *why, const struct raw_request *raw,
			      struct response *response);
	/*
	 * reload and renew are called at SIGHUP.
	 *
	 * reload is called in a process that serves, while it handles requests. It replaces the
	 * app's configuration. If it fails, it changes nothing and logs the reason. The server logs
	 * "reloaded" when reload has succeeded in all processes.
	 *
	 * renew is called in the parent of several processes, and in a test process. It replaces
	 * the configuration for start. If renew fails, or start fails in the test process, reload
	 * is not called.
	 */
	enum status (*reload)(void *app);
	enum status (*renew)(void *arg, struct error *err);
	void (*reopen)(void *arg); /* called in every process at SIGUSR1, after the log was moved */
	void *arg;
};
enum status server_run(const struct server_conf *conf, enum server_mode mode,
		       const struct server_app *app, struct error *err);

/*
 * Checks of the keys in section [server]. The server's start and `prebindctl check` both use these
 * functions, so both report the same errors. The functions change nothing.
 */

/*
 * Checks the key `listen`. The path must be valid for a socket, and its folder must exist and be
 * safe.
 */
enum status listen_path_check(const struct server_conf *conf, struct error *err);

/* Checks that this machine has an account for each name in peer_users. */
enum status peer_users_check(const struct server_conf *conf, struct error *err);

/* Finds the group in socket_group. *out is (gid_t)-1 if the key is empty. */
enum status socket_group_find(const struct server_conf *conf, gid_t *out, struct error *err);

#endif
