/*
 * One process's threads: how many accept, that those who wait hold nobody up, and that all of them
 * end, whatever they are at. Every test ends with a stop.
 */
#include "unit.h"

#include <pthread.h>
#include <sys/socket.h>

#include "base/blocking.h"
#include "serve/server_parts.h"

#define THREADS     4
#define WAITING_MAX 40
#define ONE_BY_ONE  50
#define WAVES       3

/* What a visitor wants, in one byte; what it gets, in another. */
#define WANTS_ANSWER 'a'
#define WANTS_WAIT   'w' /* answered after the gate is opened */
#define SERVED       's'
#define REFUSED      'r'

struct fixture {
	struct server server;
	struct server_conf conf;
	const char *path; /* of the socket */

	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t changed;
	bool open; /* the gate */
	int waiting;
	pthread_t seen[2 * THREADS];
	size_t seen_count;
};

/* Call with the lock held. */
static void note_thread(struct fixture *f)
{
	for (size_t i = 0; i < f->seen_count; i++) {
		if (pthread_equal(f->seen[i], pthread_self()))
			return;
	}
	if (f->seen_count < sizeof(f->seen) / sizeof(f->seen[0]))
		f->seen[f->seen_count++] = pthread_self();
}

static bool wait_at_gate(struct fixture *f)
{
	if (!blocking_begin())
		return false;
	pthread_mutex_lock(&f->lock);
	f->waiting++;
	pthread_cond_broadcast(&f->changed);
	while (!f->open)
		pthread_cond_wait(&f->changed, &f->lock);
	f->waiting--;
	pthread_mutex_unlock(&f->lock);
	blocking_end();
	return true;
}

static void serve(struct server *server, int fd)
{
	struct fixture *f = (struct fixture *)server; /* its first member */
	char wanted = 0;

	pthread_mutex_lock(&f->lock);
	note_thread(f);
	pthread_mutex_unlock(&f->lock);
	if (read(fd, &wanted, 1) == 1) {
		bool served = wanted == WANTS_ANSWER || wait_at_gate(f);

		if (write(fd, served ? "s" : "r", 1) != 1)
			abort();
	}
	close(fd);
}

static void refuse(struct server *server, int fd)
{
	(void)server;
	close(fd);
}

static int visitor_come(struct fixture *f, char wanted)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(write(fd, &wanted, 1), 1);
	return fd;
}

static char visitor_leave(int fd)
{
	char got = 0;

	assert_int_equal(read(fd, &got, 1), 1);
	close(fd);
	return got;
}

static void await_waiting(struct fixture *f, int count)
{
	pthread_mutex_lock(&f->lock);
	while (f->waiting != count)
		pthread_cond_wait(&f->changed, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static void set_gate(struct fixture *f, bool open)
{
	pthread_mutex_lock(&f->lock);
	f->open = open;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_non_null(f);
	unit_folder_make(NULL);
	f->path = unit_path("socket");
	strcpy(address.sun_path, f->path);
	f->server.listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->server.listener.fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(f->server.listener.fd, 2 * WAITING_MAX), 0);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	f->conf.threads = THREADS;
	f->conf.waiting_max = WAITING_MAX;
	f->server.conf = &f->conf;
	f->server.serve = serve;
	f->server.refuse = refuse;
	assert_ok(threads_start(&f->server, ERR));
	*state = f;
	return 0;
}

/* Every thread ends, whatever it was at. */
static int tear_down(void **state)
{
	struct fixture *f = *state;

	set_gate(f, true);
	assert_true(threads_stop(&f->server));
	close(f->server.listener.fd);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return unit_folder_remove(NULL);
}

FIXTURE(set_up, tear_down)

TEST(stops_before_anybody_came)
{
}

TEST(one_after_the_other_needs_few_threads)
{
	struct fixture *f = *state;

	for (int i = 0; i < ONE_BY_ONE; i++)
		assert_int_equal(visitor_leave(visitor_come(f, WANTS_ANSWER)), SERVED);
	assert_in_range(f->seen_count, 1, THREADS);
}

TEST(a_crowd_waits_and_others_are_served)
{
	struct fixture *f = *state;
	int crowd[WAITING_MAX];

	for (int i = 0; i < WAITING_MAX; i++)
		crowd[i] = visitor_come(f, WANTS_WAIT);
	await_waiting(f, WAITING_MAX);
	for (int i = 0; i < ONE_BY_ONE; i++)
		assert_int_equal(visitor_leave(visitor_come(f, WANTS_ANSWER)), SERVED);
	assert_int_equal(visitor_leave(visitor_come(f, WANTS_WAIT)), REFUSED);
	set_gate(f, true);
	for (int i = 0; i < WAITING_MAX; i++)
		assert_int_equal(visitor_leave(crowd[i]), SERVED);
}

TEST(wave_after_wave)
{
	struct fixture *f = *state;
	int crowd[WAITING_MAX];

	for (int wave = 0; wave < WAVES; wave++) {
		set_gate(f, false);
		for (int i = 0; i < WAITING_MAX; i++)
			crowd[i] = visitor_come(f, WANTS_WAIT);
		await_waiting(f, WAITING_MAX);
		set_gate(f, true);
		for (int i = 0; i < WAITING_MAX; i++)
			assert_int_equal(visitor_leave(crowd[i]), SERVED);
	}
}

/* Nobody is left to accept but one of them, again and again. */
TEST(more_wait_than_there_are_threads_at_work)
{
	struct fixture *f = *state;
	int waiting[2 * THREADS];

	for (int i = 0; i < 2 * THREADS; i++) {
		waiting[i] = visitor_come(f, WANTS_WAIT);
		await_waiting(f, i + 1);
		assert_int_equal(visitor_leave(visitor_come(f, WANTS_ANSWER)), SERVED);
	}
	set_gate(f, true);
	for (int i = 0; i < 2 * THREADS; i++)
		assert_int_equal(visitor_leave(waiting[i]), SERVED);
}
