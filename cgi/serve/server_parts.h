/*
 * Declarations that only the server's own files include.
 */
#ifndef SERVE_SERVER_PARTS_H
#define SERVE_SERVER_PARTS_H

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

/* An answer as it is sent: what CGI calls the header, and the body. Both are borrowed. */
struct answer {
	struct iovec head;
	struct iovec body;
};

/* cgi.c */
enum status cgi_run(const struct server_app *app, struct error *err);

/* how long a stopping server waits for its requests; web servers kill soon after */
#define DRAIN_S 10

/*
 * fcgi_record.c: sends an answer, or a piece of one, to the web server. ends: the end of the
 * request follows it. False: the web server closed the connection, or read nothing within the
 * socket's time-out.
 */
bool records_write(int fd, int id, const struct answer *answer, bool ends);
/* changes pieces while it sends them */
bool pieces_write(int fd, struct iovec *pieces, int count);

/*
 * fcgi_head.c: a request's head (all its parameters), looked at while it still lies in the
 * socket, before libfcgi reads it. libfcgi would wait for what is missing, would cut a value at its
 * first NUL, and ends the process over a parameter that is longer than memory.
 */
enum head_state {
	HEAD_WHOLE,   /* all has come; libfcgi reads it without a wait */
	HEAD_PARTIAL, /* more is to come */
	HEAD_LARGE,   /* more than is looked at, or of a kind that is not: libfcgi may wait */
	HEAD_BROKEN   /* it is no request, or the peer went away */
};
struct head {
	bool nul;    /* a parameter is not what libfcgi would make of it */
	bool large;  /* more parameters than any request may have: not all were looked at */
	size_t body; /* bytes of the body that lie behind it already */
	bool ended;  /* … and so does the body's end */
};
/* What has come by now. HEAD_PARTIAL: head_await waits for the rest. */
enum head_state head_look(int fd, struct head *out);
enum head_state head_await(int fd, int ms, struct head *out); /* never HEAD_PARTIAL */

/* peers.c: the addresses that may connect where no uid is known. */
#define TCP_PEERS_MAX 16
struct tcp_peers {
	struct address_net items[TCP_PEERS_MAX];
	size_t count;
};
bool tcp_is_loopback(const struct sockaddr_storage *address);
/* allowed: the key allow_tcp. The addresses come from the environment. */
enum status tcp_peers_find(bool allowed, struct tcp_peers *out, struct error *err);
bool tcp_peer_is_allowed(const struct tcp_peers *peers, const struct sockaddr_storage *address);

/* socket.c: the listening socket, and the accounts that may connect. */
struct listener {
	int fd;                     /* accept blocks on it */
	bool tcp;                   /* a loopback address; tcp_peers is then used */
	struct tcp_peers tcp_peers; /* instead of uids */
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

#define PEERS_MAX 16
struct peers {
	uid_t uids[PEERS_MAX]; /* besides root and our own account */
	size_t count;
};
enum status peers_find(const struct server_conf *conf, struct peers *out, struct error *err);

/*
 * Returns a connection with its time-outs set, or one of the values below. A signal ends the wait.
 */
#define LISTENER_NOBODY   (-1) /* none came, or it was refused */
#define LISTENER_NO_FILES (-2) /* no descriptor or no memory for it; see reserve_accept */
#define LISTENER_GONE     (-3)
int listener_accept(const struct listener *listener, const struct peers *peers);

/* systemd.c: the socket that systemd gives us, and the state that we report to it. */
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

/* limits.c. Call it in a process that serves, before its threads start. */
void limits_set(const struct server_conf *conf);
/*
 * Each thread calls it once and keeps the result for its life. It sets the stack on which a crash
 * is reported, because the thread's own stack may be full. The memory is mapped, so it takes no
 * room before it is used; on the stack, the compiler's probes would touch each page. NULL: there is
 * none; crash_stack_free accepts it.
 */
void *crash_stack_use(void);
void crash_stack_free(void *stack);

/*
 * threads.c: the threads of one process. serve and refuse own the descriptor that they receive.
 */
struct pool; /* opaque */
struct pool_task {
	const struct listener *listener;
	const struct peers *peers;
	size_t threads;     /* the most that accept or work at a time */
	size_t waiting_max; /* the most requests that wait besides those */
	void (*serve)(void *arg, int fd, struct pool *pool);
	void (*refuse)(void *arg, int fd); /* there is no descriptor but this one */
	void (*reload)(void *arg);         /* at SIGHUP, while requests are served */
	void (*reopen)(void *arg);         /* at SIGUSR1: opens the log again */
	struct notify *notify;
	void *arg;
};
/* task is borrowed. NULL: failed; errno has the reason. */
struct pool *pool_new(const struct pool_task *task);
void pool_free(struct pool *pool);
/* Starts the first thread. A thread that leaves too few to accept starts another. */
enum status pool_start(struct pool *pool, struct error *err);
/* Returns a descriptor that becomes readable when the listening socket is gone. */
int pool_gone(const struct pool *pool);
/* Ends the threads. False: some did not end within DRAIN_S and still use the pool. */
bool pool_stop(struct pool *pool);

/*
 * Enclose a wait of a request. False: too many wait already, so this request must not wait; do not
 * call pool_wait_end.
 */
bool pool_wait_begin(struct pool *pool);
void pool_wait_end(struct pool *pool);

/*
 * Enclose the wait for a body, which a stranger can prolong. At most half of waiting_max may wait
 * here, so that room is left for requests that wait for the XMPP server. False: the limit is
 * reached.
 */
bool pool_body_begin(struct pool *pool);
void pool_body_end(struct pool *pool);

/*
 * watch.c: serves until a signal to stop. STATUS_BUSY: some threads still work after DRAIN_S
 * and use what arg points to.
 */
enum status pool_serve(const struct pool_task *task, struct error *err);

/*
 * socket.c: a descriptor held in reserve. With it a visitor gets an answer even when all
 * other descriptors are used up.
 */
struct reserve {
	pthread_mutex_t lock; /* guards the next two */
	int fd;               /* -1: it is used up, too */
	int64_t said_ms;      /* when this was last logged; monotonic */
};
void reserve_init(struct reserve *reserve, const struct listener *listener);
void reserve_clear(struct reserve *reserve);
/*
 * Waits a moment for a connection. Returns it if there is a descriptor for it by then; else refuses
 * it and returns LISTENER_NOBODY.
 */
int reserve_accept(struct reserve *reserve, const struct pool_task *task);

/* processes.c: signals, and the processes. */
enum status signals_block(sigset_t *old, struct error *err);
int signals_open(void);   /* a signalfd for the blocked ones; -1 */
int signals_next(int fd); /* returns the signal that came; 0: none */

/* privileges.c: the account that the server runs as. */
struct account {
	bool take; /* we are root and must change to another account */
	uid_t uid;
	gid_t gid;
	const char *name; /* borrowed */
};
enum status account_find(const struct server_conf *conf, struct account *out, struct error *err);
enum status account_take(const struct account *account, struct error *err);

/*
 * Runs serve in several processes until a signal to stop, and replaces those that die. serve calls
 * process_ready after it has started, which tells the parent. If one of the first processes fails
 * before that, all end with its error.
 */
struct reload_board; /* what parent and processes share */
struct process_link {
	int ready;                  /* where a start is reported; -1: no one waits for it */
	struct reload_board *board; /* NULL: this is the only process */
	size_t index;
};
struct process_task {
	enum status (*serve)(void *arg, struct process_link *link, struct error *err);
	/*
	 * At SIGHUP. trial runs in a process of its own and checks whether serve could start with
	 * the present configuration. If it succeeds, the parent calls renew, so that later
	 * processes start with this configuration. Then the other processes get the signal.
	 */
	enum status (*trial)(void *arg, struct error *err);
	enum status (*renew)(void *arg, struct error *err);
	/* at SIGUSR1, which the processes get as well: opens the log again */
	void (*reopen)(void *arg);
	struct notify *notify;
	void *arg;
	size_t processes;
};
void process_ready(struct process_link *link);
/*
 * Both enclose a reload. The first returns the number of the reload that is wanted. The second
 * notes that this process has done it, with its status. The parent logs "reloaded" after all have;
 * an only process logs it itself.
 */
unsigned process_reload_wanted(const struct process_link *link);
void process_reloaded(const struct process_link *link, unsigned number, enum status status);
enum status processes_run(const struct process_task *task, struct error *err);

#endif
