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

/* ---- peers.c: who may connect ---- */

#define PEERS_MAX 16
struct peers {
	bool tcp;              /* the socket has a loopback address, where no uid is known */
	uid_t uids[PEERS_MAX]; /* besides root and our own account */
	size_t n_uids;
	struct address_net nets[PEERS_MAX]; /* for tcp, in place of the uids */
	size_t n_nets;
};
/* inherited: the address of a socket that we were given; NULL: we make our own. */
enum status peers_find(const struct server_conf *conf, const struct sockaddr_storage *inherited,
		       struct peers *out, struct error *err);
/* address: the peer's address, used only if peers->tcp is set. A refusal is logged. */
bool peer_is_allowed(const struct peers *peers, int fd, const struct sockaddr_storage *address);

/* ---- socket.c: the listening socket ---- */

struct listener {
	int fd; /* accept blocks on it */
	struct peers peers;
	/* borrowed; NULL: the socket was inherited, and is not removed */
	const char *path;
	dev_t dev; /* identifies the socket that we made; no other is removed */
	ino_t ino;
};
bool socket_is_listening(int fd);
enum status listener_inherit(const struct server_conf *conf, int fd, struct listener *out,
			     struct error *err);
enum status listener_open(const struct server_conf *conf, uid_t owner, struct listener *out,
			  struct error *err);
void listener_close(struct listener *listener);

/* Returns a connection, or one of the values below. A signal ends the wait. */
#define LISTENER_NOBODY   (-1) /* none came, or it was refused */
#define LISTENER_NO_FILES (-2) /* no descriptor or memory left: see reserve_accept */
#define LISTENER_GONE     (-3)
int listener_accept(const struct listener *listener);

/*
 * A descriptor held in reserve. With it a visitor gets an answer even when all other descriptors
 * are used up.
 */
struct reserve {
	pthread_mutex_t lock; /* guards the next two */
	int fd;               /* -1: it is used up, too */
	int64_t said_ms;      /* when this was last logged; monotonic */
};
void reserve_init(struct reserve *reserve, const struct listener *listener);
void reserve_clear(struct reserve *reserve);
/*
 * Waits a moment, then accepts a connection. Returns it if a descriptor has become free; otherwise
 * refuses it and returns LISTENER_NOBODY.
 */
int reserve_accept(struct reserve *reserve, struct server *server);

/* ---- systemd.c: the socket that systemd gives us, and the state that we report to it ---- */

bool activation_given(void);
enum status activation_take(int *out, struct error *err); /* the listening descriptor */

struct notify {
	int fd; /* -1: no one wants reports */
	struct sockaddr_un address;
	socklen_t len;
	pid_t pid;        /* only this process reports */
	int64_t every_ms; /* the watchdog's period; 0: none */
	int64_t next_ms;  /* monotonic; 0: not ready yet */
};
void notify_open(struct notify *out);
void notify_close(struct notify *notify);
void notify_ready(struct notify *notify, size_t processes);
void notify_reloading(const struct notify *notify);
void notify_stopping(const struct notify *notify);
/*
 * Sends the watchdog report if it is due. Returns the milliseconds until the next; -1: none is
 * wanted.
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
 * Each thread calls it once and keeps the result for its life. It sets the stack on which a crash
 * is reported, because the thread's own stack may be full. The memory is mapped, so it takes no
 * room before it is used; on the stack, the compiler's probes would touch each page. NULL: there is
 * none; crash_stack_free accepts it.
 */
void *crash_stack_use(void);
void crash_stack_free(void *stack);

/* ---- system_calls.c ---- */

/*
 * Takes calls to the system that the program never makes away from it: from all its threads, and
 * from processes that it makes later. It needs PR_SET_NO_NEW_PRIVS. False, with errno: the kernel,
 * or what started the program, does not allow it.
 */
bool system_calls_limit(void);

/* ---- server.c ---- */

/* What links a process to its parent. */
struct process_link {
	int report;                 /* where it reports its start; -1: no one waits for it */
	struct reload_board *board; /* shared with the parent; NULL: this is the only process */
	size_t index;               /* on the board */
};

/*
 * The server. The parent of several processes makes it, and each process has a copy. It is on the
 * heap, because threads that did not end in time still use it.
 */
struct server {
	const struct server_conf *conf; /* borrowed, as app */
	const struct server_app *app;
	struct listener listener;
	struct notify notify;
	struct process_link link;
	void *state;       /* the app's, between its start and its stop */
	struct pool *pool; /* owned; between threads_start and threads_stop */
	atomic_bool gone;  /* the listening socket is gone */
	/* For a connection, which they own. They are fcgi_serve and fcgi_refuse, but for tests. */
	void (*serve)(struct server *server, int fd);
	void (*refuse)(struct server *server, int fd); /* no descriptor is left but this one */
};

/* how long a stopping server waits for its requests; web servers kill soon after */
#define DRAIN_S 10

/*
 * Runs one process, from the app's start to its end. STATUS_BUSY: some threads still work after
 * DRAIN_S and use the server.
 */
enum status server_serve(struct server *server, struct error *err);

/* Returns the shorter of two time-outs for poll; -1 is without end. */
int pause_sooner(int a, int b);
/*
 * Does what the main thread has to do from time to time: the watchdog report and, in the process
 * that has no parent of ours, the history. Returns the milliseconds until the next time; -1: none.
 */
int server_pause(struct server *server);

int signals_open(void);   /* a signalfd for the signals that the server handles; -1 */
int signals_next(int fd); /* returns the signal that came; 0: none */

/* ---- processes.c ---- */

/*
 * Runs server_serve in several processes until a signal to stop, and replaces those that die. If
 * one of the first processes fails before process_ready, all end with its error.
 *
 * At SIGHUP a process of its own tries whether the app could start with the present configuration.
 * If it can, the parent takes that configuration (renew), so that later processes start with it;
 * then the other processes get the signal.
 */
enum status processes_run(struct server *server, struct error *err);
void process_ready(struct server *server); /* tells the parent that this process has started */
/*
 * Reloads the app. The parent logs "reloaded" after all processes have done it; an only process
 * logs it itself.
 */
void process_reload(struct server *server);

/* ---- threads.c: the threads of one process ---- */

/* Starts the first thread. A thread that leaves too few to accept starts another. */
enum status threads_start(struct server *server, struct error *err);
/* Ends the threads. False: some have not ended within DRAIN_S, and still use the server. */
bool threads_stop(struct server *server);

/*
 * As wait_begin and wait_end (base/wait.h), for a wait until the peer sends or reads. Strangers can
 * make such waits long, so only half of waiting_max may be such waits. The other half is for
 * requests that wait for the XMPP server. False: the limit is reached, so wait no longer than
 * PEER_GRACE_MS. If server is NULL, no other request needs the thread.
 */
#define PEER_GRACE_MS 20
bool peer_wait_begin(struct server *server);
void peer_wait_end(struct server *server);

/* ---- fcgi.c, cgi.c: one request ---- */

enum status fcgi_start(struct error *err); /* in a process that serves, before its threads start */
void fcgi_serve(struct server *server, int fd);
void fcgi_refuse(struct server *server, int fd);

enum status cgi_run(const struct server_app *app, struct error *err);

/* ---- fcgi_records.c: FastCGI's records ---- */

/*
 * A request's head (all its parameters). It is examined while it is still in the socket, before
 * libfcgi reads it, because libfcgi has three faults: it waits for a part that is missing, it cuts
 * a value at its first NUL, and it ends the process if a parameter is longer than memory.
 */
enum head_state {
	HEAD_WHOLE,   /* all has come; libfcgi reads it without a wait */
	HEAD_PARTIAL, /* more is to come */
	HEAD_LARGE,   /* too long, or of a kind that is not examined: libfcgi may wait */
	HEAD_BROKEN   /* not a request, or the peer has closed the connection */
};
struct head {
	bool nul;    /* a parameter holds a NUL; libfcgi would cut it there */
	bool large;  /* more parameters than any request may have; the rest was not examined */
	size_t body; /* bytes of the body that came with the head */
	bool ended;  /* the end of the body came, too */
};
/* Examines the bytes that have arrived. HEAD_PARTIAL: call head_await for the rest. */
enum head_state head_look(int fd, struct head *out);
enum head_state head_await(int fd, int ms, struct head *out); /* never HEAD_PARTIAL */
/*
 * True if the web server has aborted the request with this id (FCGI_ABORT_REQUEST). It examines the
 * bytes that are still in the socket: the record itself, or a short rest of the body before it.
 */
bool head_is_aborted(int fd, unsigned id);

/* An answer as it is sent: what CGI calls the header, and the body. Both are borrowed. */
struct answer {
	struct iovec head;
	struct iovec body;
};
/*
 * Sends an answer, or a piece of one, to the web server. ends: also send the end of the request. If
 * the web server is slow to read, this is a wait (peer_wait_begin); server may be NULL. False: the
 * web server has closed the connection, or did not read the answer in time.
 */
bool records_write(int fd, int id, const struct answer *answer, bool ends, struct server *server);
/* For plain CGI. Sends the pieces, and changes them while it does. */
bool pieces_write(int fd, struct iovec *pieces, int count);

#endif
