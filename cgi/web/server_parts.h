/*
 * What the server's files share; nobody else includes it.
 */
#ifndef WEB_SERVER_PARTS_H
#define WEB_SERVER_PARTS_H

#include <pthread.h>
#include <signal.h>
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

struct gateway;
struct server_app;
struct strbuf;

/* An answer as it leaves: what CGI calls the header, and the body. Both borrowed. */
struct answer {
	struct iovec head;
	struct iovec body;
};

/* server_cgi.c */
enum status cgi_run(const struct server_app *app, struct error *err);

#define DRAIN_S 10 /* a stopped server's requests get so long; web servers kill soon after */

/*
 * server_record.c: an answer, or a piece of one, to the web server; ends: the request's end behind
 * it. False: the web server went away, or took nothing for as long as the socket's time-out says.
 */
bool records_write(int fd, int id, const struct answer *answer, bool ends);
bool pieces_write(int fd, struct iovec *pieces, int count); /* changes them as they leave */

/*
 * Is there a NUL in a name or value of the request's parameters? libfcgi would hand such a value on
 * as if it ended there. Looks at what the socket has without taking it, and waits for what is not
 * there yet as long as the socket's time-out says. False also where the socket cannot be looked at
 * like that (TCP before Linux 6.9).
 */
bool records_hold_nul(int fd);

/* server_tcp.c: who may connect where no uid is known. */
#define TCP_PEERS_MAX 16
struct tcp_peers {
	struct address_net items[TCP_PEERS_MAX];
	size_t count;
};
bool tcp_is_loopback(const struct sockaddr_storage *address);
/* allowed: the key allow_tcp. The addresses are the environment's. */
enum status tcp_peers_find(bool allowed, struct tcp_peers *out, struct error *err);
bool tcp_peer_is_allowed(const struct tcp_peers *peers, const struct sockaddr_storage *address);

/* server_socket.c: who listens, and who may connect. */
struct listener {
	int fd;                     /* accept blocks on it */
	bool tcp;                   /* loopback; then: */
	struct tcp_peers tcp_peers; /* instead of uids */
	const char *path;           /* borrowed; NULL: inherited, not ours to remove */
	dev_t dev;                  /* of the socket we made: another's is not removed */
	ino_t ino;
};
bool socket_is_listening(int fd);
enum status listener_inherit(const struct server_conf *conf, int fd, struct listener *out,
			     struct error *err);
enum status listener_open(const struct server_conf *conf, uid_t owner, struct listener *out,
			  struct error *err);
void listener_close(struct listener *listener);

#define PEERS_MAX 16
struct peers {
	uid_t uids[PEERS_MAX]; /* beside root and ourselves */
	size_t count;
};
enum status peers_find(const struct server_conf *conf, struct peers *out, struct error *err);

/* A connection with its time-out set, or one of these. A signal ends the wait. */
#define LISTENER_NOBODY   (-1) /* none came, or it was refused */
#define LISTENER_NO_FILES (-2) /* no descriptor or no memory for it: see reserve_accept */
#define LISTENER_GONE     (-3)
int listener_accept(const struct listener *listener, const struct peers *peers);

/* server_notify.c: what systemd gives us, and what it wants to know. */
bool activation_given(void);
enum status activation_take(int *out, struct error *err); /* the listening descriptor */

struct notify {
	int fd; /* -1: nobody wants to know */
	struct sockaddr_un address;
	socklen_t len;
	pid_t pid;        /* only this one speaks */
	int64_t every_ms; /* a sign of life is due; 0: never */
	int64_t next_ms;  /* monotonic; 0: not ready yet */
};
void notify_open(struct notify *out);
void notify_close(struct notify *notify);
void notify_ready(struct notify *notify, size_t processes);
void notify_reloading(const struct notify *notify);
void notify_stopping(const struct notify *notify);
/* Gives the sign of life that is due. Milliseconds until the next; -1: none is wanted. */
int notify_watchdog(struct notify *notify);

/* server_limits.c: for a process that serves; before its threads. */
void limits_set(const struct server_conf *conf);
/*
 * In each thread, for its life: where a crash is reported from, for its own stack may be what is
 * full. Mapped, so that it is no memory before it is used: in a frame the compiler's probes against
 * stack clashes would touch each of its pages. NULL: there is none; free takes it.
 */
void *crash_stack_use(void);
void crash_stack_free(void *stack);

/* server_pool.c: one process's threads. serve and refuse own the descriptor that they are given. */
struct pool; /* opaque */
struct pool_task {
	const struct listener *listener;
	const struct peers *peers;
	size_t threads;     /* that accept or work at a time */
	size_t waiting_max; /* requests beside those */
	void (*serve)(void *arg, int fd, struct pool *pool);
	void (*refuse)(void *arg, int fd); /* there is no descriptor but this one */
	void (*reload)(void *arg);         /* at SIGHUP, while requests are served */
	void (*reopen)(void *arg);         /* at SIGUSR1: the log */
	struct notify *notify;
	void *arg;
};
/* task is borrowed. NULL: errno says why. */
struct pool *pool_new(const struct pool_task *task);
void pool_free(struct pool *pool);
/* The first thread; the others are started by those that leave too few to accept. */
enum status pool_start(struct pool *pool, struct error *err);
/* A descriptor that can be read when the listening socket is gone. */
int pool_gone(const struct pool *pool);
/* Lets the threads end. False: some did not within DRAIN_S, and go on using the pool. */
bool pool_stop(struct pool *pool);

/*
 * Around what a request waits for. False: so many wait already that this one must not; there is no
 * end to it then.
 */
bool pool_wait_begin(struct pool *pool);
void pool_wait_end(struct pool *pool);

/*
 * Around the wait for a body, which a stranger may draw out. These may be half of waiting_max, so
 * that they leave room for those who wait for the XMPP server. False: there are as many already.
 */
bool pool_body_begin(struct pool *pool);
void pool_body_end(struct pool *pool);

/*
 * server_watch.c: until a signal to stop. STATUS_BUSY: some threads are still at work after
 * DRAIN_S, and go on using what arg points to.
 */
enum status pool_serve(const struct pool_task *task, struct error *err);

/*
 * server_socket.c: a descriptor kept back, so that visitors can be told when all others are used up
 * (REL-OS-1).
 */
struct reserve {
	pthread_mutex_t lock; /* over the next two */
	int fd;               /* -1: it is used up, too */
	int64_t said_ms;      /* when the log was told; monotonic */
};
void reserve_init(struct reserve *reserve, const struct listener *listener);
void reserve_clear(struct reserve *reserve);
/*
 * Waits a moment for a connection: returned where there is a descriptor by then, else refused and
 * LISTENER_NOBODY.
 */
int reserve_accept(struct reserve *reserve, const struct pool_task *task);

/* server_process.c: signals, and the processes. */
enum status signals_block(sigset_t *old, struct error *err);
int signals_open(void);   /* a signalfd for the blocked ones; -1 */
int signals_next(int fd); /* the signal that came; 0: none */

/* server_account.c: whom we run as. */
struct account {
	bool take; /* we are root and must become another */
	uid_t uid;
	gid_t gid;
	const char *name; /* borrowed */
};
enum status account_find(const struct server_conf *conf, struct account *out, struct error *err);
enum status account_take(const struct account *account, struct error *err);

/*
 * Runs `serve` in so many processes until a signal to stop; replaces the ones that die. ready,
 * called by serve when it has started, tells the parent: one that fails before, at the beginning,
 * ends it all with its error.
 */
struct reload_board; /* what parent and processes share */
struct process_link {
	int ready;                  /* where a start is reported; -1: nobody waits for it */
	struct reload_board *board; /* NULL: the only process */
	size_t index;
};
struct process_task {
	enum status (*serve)(void *arg, struct process_link *link, struct error *err);
	/*
	 * At SIGHUP: trial, in a process that it ends with, looks whether serve could start with
	 * what there is now; then renew, in the parent, makes that what later processes start with,
	 * and the others get the signal.
	 */
	enum status (*trial)(void *arg, struct error *err);
	enum status (*renew)(void *arg, struct error *err);
	void (*reopen)(void *arg); /* at SIGUSR1, which the others get as well: the log */
	struct notify *notify;
	void *arg;
	size_t processes;
};
void process_ready(struct process_link *link);
/*
 * Around a reload: the number of the one that is wanted, and that this process has done it, well or
 * not. The log's "reloaded" comes from the parent when all have, or from the only process.
 */
unsigned process_reload_wanted(const struct process_link *link);
void process_reloaded(const struct process_link *link, unsigned number, enum status status);
enum status processes_run(const struct process_task *task, struct error *err);

#endif
