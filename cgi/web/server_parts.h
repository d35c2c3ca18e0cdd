/*
 * What the server's files share; nobody else includes it.
 */
#ifndef WEB_SERVER_PARTS_H
#define WEB_SERVER_PARTS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "conf/conf.h"

#define DRAIN_S 10 /* a stopped server's requests get so long; web servers kill soon after */

/* server_socket.c: who listens, and who may connect. */
struct listener {
	int fd;
	const char *path; /* borrowed; NULL: inherited, not ours to remove */
	dev_t dev;        /* of the socket we made: another's is not removed */
	ino_t ino;
};
bool socket_is_listening(int fd);
enum status listener_inherit(int fd, struct listener *out, struct error *err);
enum status listener_open(const struct server_conf *conf, uid_t owner, struct listener *out,
			  struct error *err);
void listener_close(struct listener *listener);

#define PEERS_MAX 16
struct peers {
	uid_t uids[PEERS_MAX]; /* beside root and ourselves */
	size_t count;
};
enum status peers_find(const struct server_conf *conf, struct peers *out, struct error *err);

/* A connection with its time-outs set, or -1 and errno: EAGAIN also where the peer was refused. */
int listener_accept(const struct listener *listener, const struct peers *peers);

/* server_pool.c: one process's threads. serve owns the descriptor it is given. */
struct pool_task {
	const struct listener *listener;
	const struct peers *peers;
	size_t threads;
	void (*serve)(void *arg, int fd);
	void (*reload)(void *arg); /* at SIGHUP; nothing is accepted meanwhile */
	void *arg;
};
/*
 * Until a signal to stop. STATUS_BUSY: some threads are still at work after DRAIN_S, and go on
 * using what arg points to.
 */
enum status pool_serve(const struct pool_task *task, struct error *err);

/* server_process.c: signals, the account we run as, and the processes. */
enum status signals_block(sigset_t *old, struct error *err);
int signals_open(void);   /* a signalfd for the blocked ones; -1 */
int signals_next(int fd); /* the signal that came; 0: none */

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
struct process_task {
	enum status (*serve)(void *arg, int *report, struct error *err);
	/*
	 * At SIGHUP: trial, in a process that it ends with, looks whether serve could start with what there is now;
	 * then renew, in the parent, makes that what later processes start with, and the others get the signal.
	 */
	enum status (*trial)(void *arg, struct error *err);
	enum status (*renew)(void *arg, struct error *err);
	void *arg;
	size_t processes;
};
void process_ready(int *report); /* takes -1: nobody waits for it */
enum status processes_run(const struct process_task *task, struct error *err);

#endif
