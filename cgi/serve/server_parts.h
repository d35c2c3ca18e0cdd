/*
 * Declarations that only the server's own files include.
 */
#ifndef SERVE_SERVER_PARTS_H
#define SERVE_SERVER_PARTS_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/address.h"
#include "base/error.h"
#include "conf/conf.h"
#include "serve/server.h"

struct pool;         /* threads.c */
struct reload_board; /* processes.c */
struct server;       /* below */

/* ---- peers.c: which peers are allowed to connect ---- */

#define PEERS_MAX 16
struct peers {
	bool tcp;              /* the socket has a loopback address, so a peer's uid is unknown */
	uid_t uids[PEERS_MAX]; /* the allowed uids, in addition to root and our own account */
	size_t n_uids;
	struct address_net nets[PEERS_MAX]; /* allowed addresses, used if tcp is set */
	size_t n_nets;
};
/* inherited is the address of a socket that was passed to us, or NULL if we make our own. */
enum status peers_find(const struct server_conf *conf, const struct sockaddr_storage *inherited,
		       struct peers *out, struct error *err);
/* address is the peer's address. It is used only if peers->tcp is set. Logs a refusal. */
bool peer_is_allowed(const struct peers *peers, int fd, const struct sockaddr_storage *address);

/* ---- socket.c: the listening socket ---- */

struct listener {
	int fd; /* in blocking mode, so accept waits */
	struct peers peers;
	/* Borrowed. NULL if the socket was inherited; then its file is not removed. */
	const char *path;
	dev_t dev; /* with ino, identifies our socket file, so that no other file is removed */
	ino_t ino;
};
bool socket_is_listening(int fd);
enum status listener_inherit(const struct server_conf *conf, int fd, struct listener *out,
			     struct error *err);
enum status listener_open(const struct server_conf *conf, uid_t owner, struct listener *out,
			  struct error *err);
void listener_close(struct listener *listener);

/* Returns a connection, or one of the values below. A signal ends the wait. */
#define LISTENER_NOBODY   (-1) /* no connection came, or it was refused */
#define LISTENER_NO_FILES (-2) /* no descriptor or memory is left; call reserve_accept */
#define LISTENER_GONE     (-3)
int listener_accept(const struct listener *listener);

/*
 * A descriptor held in reserve. With it a visitor gets an answer even when all other descriptors
 * are used up.
 */
struct reserve {
	pthread_mutex_t lock; /* guards fd and said_ms */
	int fd;               /* -1 if the reserve is used up, too */
	int64_t said_ms;      /* when the shortage was last logged, in monotonic ms */
};
void reserve_init(struct reserve *reserve, const struct listener *listener);
void reserve_clear(struct reserve *reserve);
/*
 * Waits a moment for a connection and accepts it. Returns the connection if a descriptor has become
 * free. Otherwise it refuses the connection and returns LISTENER_NOBODY.
 */
int reserve_accept(struct reserve *reserve, struct server *server);

/* ---- systemd.c: the socket that systemd gives us, and the state that we report to it ---- */

bool activation_given(void);
enum status activation_take(int *out, struct error *err); /* gets the listening descriptor */

struct notify {
	int fd; /* -1 if systemd wants no reports */
	struct sockaddr_un address;
	socklen_t len;
	pid_t pid;        /* only this process reports */
	int64_t every_ms; /* how often to send a watchdog report; 0 if none is wanted */
	int64_t next_ms;  /* when the next report is due, in monotonic ms; 0 until ready */
};
void notify_open(struct notify *out);
void notify_close(struct notify *notify);
void notify_ready(struct notify *notify, size_t processes);
void notify_reloading(const struct notify *notify);
void notify_stopping(const struct notify *notify);
/*
 * Sends the watchdog report if it is due. Returns the milliseconds until the next report, or -1 if
 * none is wanted.
 */
int notify_watchdog(struct notify *notify);

/* ---- privileges.c ---- */

/* The account that the server runs as. */
struct account {
	bool take; /* we are root and must change to another account */
	uid_t uid;
	gid_t gid;
	const char *name; /* borrowed */
};
enum status account_find(const struct server_conf *conf, struct account *out, struct error *err);
enum status account_take(const struct account *account, struct error *err);

/* Call it in a process that serves, before its threads start. */
void limits_set(const struct server_conf *conf);
/*
 * Sets the stack on which a crash is reported, because the thread's own stack can be full. Each
 * thread calls it once, and passes the result to crash_stack_free when the thread ends. The memory
 * is mapped, so it takes no room before it is used. An array on the thread's stack would take room,
 * because the compiler's stack probes touch each page. Returns NULL if there is no such stack;
 * crash_stack_free accepts NULL.
 */
void *crash_stack_use(void);
void crash_stack_free(void *stack);

/* ---- system_calls.c ---- */

/*
 * Blocks the system calls that the program never makes, in all its threads and in processes that it
 * starts later. PR_SET_NO_NEW_PRIVS must be set. Returns false, with errno, if the kernel or the
 * environment that started the program does not allow such a filter.
 */
bool system_calls_limit(void);

/* ---- server.c ---- */

/* The link from a process to its parent. */
struct process_link {
	int report;                 /* where to report the start; -1 if no report is wanted */
	struct reload_board *board; /* shared with the parent; NULL if this is the only process */
	size_t index;               /* the process's number on the board */
};

/*
 * The server. The parent of several processes makes it, and each process has a copy. It is on the
 * heap, because threads that did not end in time still use it.
 */
struct server {
	const struct server_conf *conf; /* borrowed, like app */
	const struct server_app *app;
	struct listener listener;
	struct notify notify;
	struct process_link link;
	void *state;       /* made by app->start, valid until app->stop */
	struct pool *pool; /* owned; set between threads_start and threads_stop */
	atomic_bool gone;  /* the listening socket is gone */
	/* Both own the connection fd. They are fcgi_serve and fcgi_refuse, except in tests. */
	void (*serve)(struct server *server, int fd);
	void (*refuse)(struct server *server, int fd); /* called if no other descriptor is left */
};

/* How long a stopping server waits for its requests. A web server would kill it soon after that. */
#define DRAIN_S 10

/*
 * Runs one process, from the app's start to its end. Returns STATUS_BUSY if some threads still work
 * after DRAIN_S and use the server.
 */
enum status server_serve(struct server *server, struct error *err);

/* Returns the shorter of two time-outs for poll; -1 means no time-out. */
int pause_sooner(int a, int b);
/*
 * Does the periodic work of the main thread. It sends the watchdog report. In the parent, or in the
 * only process, it also updates the history. Returns the milliseconds until the next work is due,
 * or -1 if none is.
 */
int server_pause(struct server *server);

int signals_open(void);   /* returns a signalfd for the signals that the server handles, or -1 */
int signals_next(int fd); /* returns the signal that came, or 0 if none came */

/* ---- processes.c ---- */

/*
 * Runs server_serve in several processes until a signal to stop comes, and replaces processes that
 * die. If one of the first processes fails before process_ready, all end and its error is returned.
 *
 * At SIGHUP, a separate process tests whether the app can start with the new configuration. If it
 * can, the parent loads that configuration (renew), so that later processes start with it. Then the
 * other processes get SIGHUP.
 */
enum status processes_run(struct server *server, struct error *err);
void process_ready(struct server *server); /* tells the parent that this process has started */
/*
 * Reloads the app. The parent logs "reloaded" after all processes have reloaded. If there is only
 * one process, that process logs it.
 */
void process_reload(struct server *server);

/* ---- threads.c: the threads of one process ---- */

/* Starts the first thread. A thread starts another one when too few are left to accept. */
enum status threads_start(struct server *server, struct error *err);
/* Ends the threads. Returns false if some still use the server after DRAIN_S. */
bool threads_stop(struct server *server);

/*
 * Like blocking_begin and blocking_end (base/blocking.h), for a wait until the peer sends or reads.
 * Strangers can make such waits long, so at most half of waiting_max can be such waits. The other
 * half is for requests that wait for the XMPP server. Returns false if the limit is reached; then
 * wait no longer than PEER_GRACE_MS. If server is NULL, it returns true, because no other request
 * needs the thread.
 */
#define PEER_GRACE_MS 20
bool peer_wait_begin(struct server *server);
void peer_wait_end(struct server *server);

/* ---- fcgi.c, cgi.c: one request ---- */

enum status fcgi_start(struct error *err); /* call it before the threads of a process start */
void fcgi_serve(struct server *server, int fd);
void fcgi_refuse(struct server *server, int fd);

enum status cgi_run(const struct server_app *app, struct error *err);

/* ---- fcgi_records.c: FastCGI's records ---- */

/*
 * A request's head (all its parameters). It is examined while it is still in the socket, before
 * libfcgi reads it, because libfcgi has three faults. It waits for a part that is missing, and it
 * cuts a value at its first NUL. It ends the process if a parameter does not fit into memory.
 */
enum head_state {
	HEAD_WHOLE,   /* the whole head has arrived, so libfcgi reads it without a wait */
	HEAD_PARTIAL, /* a part has not arrived yet */
	HEAD_LARGE,   /* too long, or of a kind that is not examined, so libfcgi might wait */
	HEAD_BROKEN   /* not a request, or the peer has closed the connection */
};
struct head {
	bool nul;    /* a parameter holds a NUL; libfcgi would cut it there */
	bool large;  /* the parameters are longer than allowed; the rest was not examined */
	size_t body; /* bytes of the body that came with the head */
	bool ended;  /* the end of the body came with the head, too */
};
/* Examines the bytes that have arrived. After HEAD_PARTIAL, call head_await for the rest. */
enum head_state head_look(int fd, struct head *out);
enum head_state head_await(int fd, int ms, struct head *out); /* never returns HEAD_PARTIAL */
/*
 * Returns true if the web server has aborted the request with this id (FCGI_ABORT_REQUEST). It
 * examines the bytes that are still in the socket, and skips a short rest of the body there.
 */
bool head_is_aborted(int fd, unsigned id);

/* The two parts of an answer: the header in the sense of CGI, and the body. Both are borrowed. */
struct answer {
	struct iovec head;
	struct iovec body;
};
/*
 * Sends an answer, or a piece of one, to the web server. If ends is true, it also sends the end of
 * the request. While the web server is slow to read, this counts as a wait (peer_wait_begin);
 * server can be NULL. Returns false if the web server has closed the connection, or did not read
 * the answer in time.
 */
bool records_write(int fd, int id, const struct answer *answer, bool ends, struct server *server);
/* For plain CGI. Writes the pieces to fd, and changes the array while it writes. */
bool pieces_write(int fd, struct iovec *pieces, int count);

#endif
