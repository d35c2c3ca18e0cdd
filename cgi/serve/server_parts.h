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

struct pool;         /* defined in threads.c */
struct reload_board; /* defined in processes.c */
struct server;       /* defined below */

/* ---- peers.c: which peers are allowed to connect ---- */

#define PEERS_MAX 16
struct peers {
	bool tcp;              /* true for a loopback address, where a peer's uid is unknown */
	uid_t uids[PEERS_MAX]; /* the allowed uids, in addition to root and our own account */
	size_t n_uids;
	struct address_net nets[PEERS_MAX]; /* the allowed addresses; only used if tcp is true */
	size_t n_nets;
};
/*
 * Finds the allowed peers. `inherited` is the address of a socket that was passed to us, or NULL if
 * we create the socket.
 */
enum status peers_find(const struct server_conf *conf, const struct sockaddr_storage *inherited,
		       struct peers *out, struct error *err);
/*
 * True if the peer of the connection fd is allowed. `address` is the peer's address, and is used
 * only if peers->tcp is true. Logs a refusal.
 */
bool peer_is_allowed(const struct peers *peers, int fd, const struct sockaddr_storage *address);

/* ---- socket.c: the listening socket ---- */

struct listener {
	int fd; /* blocking, so that accept waits */
	struct peers peers;
	/* Borrowed. NULL for an inherited socket, whose file must not be removed. */
	const char *path;
	dev_t dev; /* dev and ino identify our socket file, so that no other file is removed */
	ino_t ino;
};
bool socket_is_listening(int fd);
enum status listener_inherit(const struct server_conf *conf, int fd, struct listener *out,
			     struct error *err);
enum status listener_open(const struct server_conf *conf, uid_t owner, struct listener *out,
			  struct error *err);
void listener_close(struct listener *listener);

/*
 * Waits for a connection. Returns its descriptor, or one of the following values. Signals end the
 * wait.
 */
#define LISTENER_NOBODY   (-1) /* no connection came, or a connection was refused */
#define LISTENER_NO_FILES (-2) /* no descriptor or memory is left; call reserve_accept next */
#define LISTENER_GONE     (-3)
int listener_accept(const struct listener *listener);

/* A descriptor kept in reserve, to answer a visitor when no other descriptor is left. */
struct reserve {
	pthread_mutex_t lock; /* guards fd and said_ms */
	int fd;               /* -1 if no descriptor could be reserved again */
	int64_t said_ms;      /* when a warning was last logged, in monotonic ms */
};
void reserve_init(struct reserve *reserve, const struct listener *listener);
void reserve_clear(struct reserve *reserve);
/*
 * Waits briefly for a connection and accepts it. If a descriptor has become free, returns the
 * connection. Otherwise refuses the connection and returns LISTENER_NOBODY.
 */
int reserve_accept(struct reserve *reserve, struct server *server);

/* ---- systemd.c: the socket from systemd, and reports of our state to systemd ---- */

bool activation_given(void);
enum status activation_take(int *out, struct error *err); /* gets the listening socket */

struct notify {
	int fd; /* -1 if systemd has not asked for reports */
	struct sockaddr_un address;
	socklen_t len;
	pid_t pid;        /* the only process that reports */
	int64_t every_ms; /* interval of watchdog reports; 0 if there are none */
	int64_t next_ms;  /* time of the next report, monotonic ms; 0 until the server is ready */
};
void notify_open(struct notify *out);
void notify_close(struct notify *notify);
void notify_ready(struct notify *notify, size_t processes);
void notify_reloading(const struct notify *notify);
void notify_stopping(const struct notify *notify);
/*
 * Sends the watchdog report if it is due. Returns the milliseconds until the next report, or -1 if
 * there are none.
 */
int notify_watchdog(struct notify *notify);

/* ---- privileges.c ---- */

/* The account that the server should run as. */
struct account {
	bool take; /* true if the process is root and must change to this account */
	uid_t uid;
	gid_t gid;
	const char *name; /* borrowed */
};
enum status account_find(const struct server_conf *conf, struct account *out, struct error *err);
enum status account_take(const struct account *account, struct error *err);

/*
 * Sets the memory limit and the crash handlers. Call it in a process that serves, before it starts
 * threads.
 */
void limits_set(const struct server_conf *conf);
/*
 * Sets a separate stack for the crash handler, because the thread's own stack can be full. Each
 * thread calls this once, and passes the result to crash_stack_free at its end. The memory is
 * mapped, so it takes no room before its first use. An array on the thread's stack would take room,
 * because the compiler's stack probes touch each page. Returns NULL on failure. crash_stack_free
 * accepts NULL.
 */
void *crash_stack_use(void);
void crash_stack_free(void *stack);

/* ---- system_calls.c ---- */

/*
 * Blocks the system calls that the program never makes, for all threads and for processes started
 * later. PR_SET_NO_NEW_PRIVS must be set. Returns false and sets errno if the kernel, or the
 * program that started this program, does not allow such filters.
 */
bool system_calls_limit(void);

/* ---- server.c ---- */

/* Connects a process to its parent. */
struct process_link {
	int report;                 /* descriptor to report the start; -1 if there is none */
	struct reload_board *board; /* shared with the parent; NULL if this is the only process */
	size_t index;               /* index of the process on the board */
};

/*
 * The server. If there are several processes, the parent creates it and each process has a copy. It
 * is on the heap, because threads that do not end in time continue to use it.
 */
struct server {
	const struct server_conf *conf; /* borrowed, like app */
	const struct server_app *app;
	struct listener listener;
	struct notify notify;
	struct process_link link;
	void *state;       /* the result of app->start; valid until app->stop */
	struct pool *pool; /* owned; valid between threads_start and threads_stop */
	atomic_bool gone;  /* true if the listening socket cannot be used any more */
	/*
	 * `serve` and `refuse` close the connection fd. `refuse` is called if fd took the last free
	 * descriptor. The two functions are fcgi_serve and fcgi_refuse, except in tests.
	 */
	void (*serve)(struct server *server, int fd);
	void (*refuse)(struct server *server, int fd);
};

/*
 * How many seconds a stopping server waits for running requests. A web server would kill a stopping
 * server soon after this time.
 */
#define DRAIN_S 10

/*
 * Runs one process, from start to stop. Returns STATUS_BUSY if after DRAIN_S some threads are still
 * working and use the server.
 */
enum status server_serve(struct server *server, struct error *err);

/* Returns the shorter of two timeouts for poll. -1 means no timeout. */
int pause_sooner(int a, int b);
/*
 * Does the main thread's periodic work: it sends the watchdog report and, unless there is a parent,
 * updates the history. The parent calls it, too. Returns the milliseconds until the next work is
 * due, or -1 if there is none.
 */
int server_pause(struct server *server);

int signals_open(void);   /* returns a signalfd, or -1 on failure */
int signals_next(int fd); /* returns the received signal, or 0 if there is none */

/* ---- processes.c ---- */

/*
 * Runs server_serve in several processes until a stop signal is received, and replaces processes
 * that die. If one of the first processes fails before process_ready, ends all processes and
 * returns the error of the failed process.
 *
 * At SIGHUP, a separate process tests whether the app can start with the new configuration. If it
 * can, the parent loads this configuration (renew), so that later processes start with it. Then the
 * running processes get SIGHUP.
 */
enum status processes_run(struct server *server, struct error *err);
void process_ready(struct server *server); /* tells the parent that this process has started */
/*
 * Reloads the app. The parent logs "reloaded" after all processes have finished. A process without
 * a parent logs "reloaded" itself.
 */
void process_reload(struct server *server);

/* ---- threads.c: the threads of one process ---- */

/*
 * Starts the first thread. A thread starts another thread when too few threads accept connections.
 */
enum status threads_start(struct server *server, struct error *err);
/* Ends the threads. Returns false if some of them still use the server after DRAIN_S. */
bool threads_stop(struct server *server);

/*
 * Like blocking_begin and blocking_end (base/blocking.h), for a wait until the peer sends or reads.
 * At most half of waiting_max can wait for peers, because any visitor can cause long waits. The
 * other half is reserved for requests that wait for the XMPP server. peer_wait_begin returns false
 * if the limit is reached. The caller must then wait no longer than PEER_GRACE_MS. peer_wait_begin
 * returns true if `server` is NULL, because no other request then needs the thread.
 */
#define PEER_GRACE_MS 20
bool peer_wait_begin(struct server *server);
void peer_wait_end(struct server *server);

/* ---- fcgi.c, cgi.c: one request ---- */

enum status fcgi_start(struct error *err); /* call it before the process starts threads */
void fcgi_serve(struct server *server, int fd);
void fcgi_refuse(struct server *server, int fd);

enum status cgi_run(const struct server_app *app, struct error *err);

/* ---- fcgi_records.c: FastCGI's records ---- */

/*
 * A request's head, which is all of its parameters. The head is examined in the socket before
 * libfcgi reads it, because libfcgi has three faults. libfcgi blocks until missing bytes arrive,
 * cuts a value at its first NUL, and ends the process if a parameter does not fit into memory.
 */
enum head_state {
	HEAD_WHOLE,   /* complete, so libfcgi reads it without blocking */
	HEAD_PARTIAL, /* incomplete so far */
	HEAD_LARGE,   /* too long, or has a management record; libfcgi might block */
	HEAD_BROKEN   /* not a valid request, or the connection was closed */
};
struct head {
	bool nul;    /* a parameter contains a NUL, where libfcgi would cut it */
	bool large;  /* the parameters are longer than allowed, and only partly examined */
	size_t body; /* bytes of the body that arrived with the head */
	bool ended;  /* true if the end of the body arrived with the head */
};
/* Examines the bytes that have arrived. If it returns HEAD_PARTIAL, call head_await. */
enum head_state head_look(int fd, struct head *out);
enum head_state head_await(int fd, int ms, struct head *out); /* never returns HEAD_PARTIAL */
/*
 * True if the web server has aborted the request with this id (FCGI_ABORT_REQUEST). Examines the
 * bytes in the socket, and skips a short rest of the body there.
 */
bool head_is_aborted(int fd, unsigned id);

/* The two parts of an answer: the header as in CGI, and the body. Both are borrowed. */
struct answer {
	struct iovec head;
	struct iovec body;
};
/*
 * Sends an answer, or a part of an answer. If `ends` is true, also sends the end of the request. If
 * the web server reads slowly, other requests are served meanwhile (peer_wait_begin). `server` can
 * be NULL. Returns false if the web server has closed the connection or did not read the answer in
 * time.
 */
bool records_write(int fd, int id, const struct answer *answer, bool ends, struct server *server);
/* Writes the pieces to fd, for plain CGI. Changes the array. */
bool pieces_write(int fd, struct iovec *pieces, int count);

#endif
