/*
 * The log: every line is one JSON object of printable ASCII within 2 KiB, whatever the values
 * hold; a lost line is counted and nothing else happens; threads do not mix their lines.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>

#include "unit.h"

#include "base/json.h"
#include "base/log.h"
#include "base/log_writer.h"

#define LOG_TEST_THREADS 4
#define LOG_TEST_LINES   200 /* a thread */

static int close_and_remove(void **state)
{
	log_close();
	return unit_folder_remove(state);
}

/* Reads one line, which must be an object as promised, and moves *at behind it. */
static struct json *next_line(const char **at)
{
	struct json *root = NULL;
	struct error err = {.status = STATUS_OK};
	size_t len = strcspn(*at, "\n");

	assert_true(len + 1 <= 2048);
	assert_int_equal((*at)[len], '\n');
	for (size_t i = 0; i < len; i++)
		assert_true((*at)[i] >= 0x20 && (*at)[i] <= 0x7e);
	if (json_parse(*at, len, &root, &err) != STATUS_OK)
		fail_msg("%s: %.*s", err.text, (int)len, *at);
	assert_true(json_is_object(root));
	*at += len + 1;
	return root;
}

/* The only line of the log. */
static struct json *only_line(void)
{
	char *text = unit_read(unit_path("log"), NULL);
	const char *at = text;
	struct json *root = next_line(&at);

	assert_string_equal(at, "");
	free(text);
	return root;
}

static void assert_member(const struct json *root, const char *key, const char *expected)
{
	assert_non_null(json_string(json_member(root, key)));
	assert_string_equal(json_string(json_member(root, key)), expected);
}

/* "2024-01-31T23:59:59.999Z" */
static void assert_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";

	assert_non_null(text);
	assert_int_equal(strlen(text), strlen(form));
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			fail_msg("%s", text);
}

FIXTURE(unit_folder_make, close_and_remove)

TEST(test_line)
{
	struct json *line;

	assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR));
	log_event(LOG_LEVEL_WARN, "login_failed", "id", "0123456789abcdef", "nothing", NULL, "user",
		  "\xc3\xa9<\"\\\n\x1b[31m\xff", NULL);
	line = only_line();
	assert_time(json_string(json_member(line, "time")));
	assert_member(line, "level", "warn");
	assert_member(line, "event", "login_failed");
	assert_member(line, "id", "0123456789abcdef");
	assert_null(json_member(line, "nothing"));
	assert_member(line, "user", "\xc3\xa9<\"\\\n\x1b[31m\xef\xbf\xbd");
	json_free(line);
}

/* Text: a value that could be misread is a JSON string, so a value cannot forge another pair. */
TEST(test_text)
{
	char *text;

	assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR));
	log_set_format(LOG_FORMAT_TEXT, NULL);
	log_event(LOG_LEVEL_WARN, "login_failed", "id", "0123456789abcdef", "nothing", NULL, "user",
		  "x ip=127.0.0.1\nroot", "jid", "a@b/c-1", "empty", "", NULL);
	log_set_format(LOG_FORMAT_JSON, NULL);
	text = unit_read(unit_path("log"), NULL);
	text[24] = '\0';
	assert_time(text);
	assert_string_equal(text + 25,
			    "warn login_failed id=0123456789abcdef "
			    "user=\"x ip=127.0.0.1\\u000aroot\" jid=a@b/c-1 empty=\"\"\n");
	free(text);
}

/* Standard error is the journal if it has the device and the inode that systemd told. */
static void log_to_journal(enum log_format format, unsigned long more)
{
	int saved = dup(STDERR_FILENO);
	char stream[64];
	struct stat st;

	assert_true(freopen(unit_path("log"), "w", stderr) != NULL);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)st.st_dev,
		 (unsigned long)st.st_ino + more);
	assert_ok(log_open("stderr", LOG_LEVEL_INFO, ERR));
	log_set_format(format, stream);
	log_event(LOG_LEVEL_ERROR, "chat_server", "why", "down", NULL);
	log_set_format(LOG_FORMAT_JSON, NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static void assert_log_begins(const char *expected)
{
	char *text = unit_read(unit_path("log"), NULL);

	assert_memory_equal(text, expected, strlen(expected));
	free(text);
}

TEST(test_journal)
{
	log_to_journal(LOG_FORMAT_TEXT, 0);
	assert_log_begins("<3>error chat_server why=down\n");
	log_to_journal(LOG_FORMAT_JSON, 0);
	assert_log_begins("<3>{\"time\":\"");
	log_to_journal(LOG_FORMAT_JSON, 1); /* something else than the journal */
	assert_log_begins("{\"time\":\"");
}

TEST(test_request_id)
{
	struct json *line;
	char *text;
	const char *at;

	assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR));
	log_request_id("0123456789abcdef");
	log_event(LOG_LEVEL_WARN, "failover", "site", "a", NULL);
	log_event(LOG_LEVEL_WARN, "failover", "id", "fedcba9876543210", NULL);
	log_request_id(NULL);
	log_event(LOG_LEVEL_WARN, "failover", NULL);
	text = unit_read(unit_path("log"), NULL);
	at = text;
	line = next_line(&at);
	assert_member(line, "id", "0123456789abcdef");
	json_free(line);
	line = next_line(&at);
	assert_member(line, "id", "fedcba9876543210");
	json_free(line);
	line = next_line(&at);
	assert_null(json_member(line, "id"));
	json_free(line);
	free(text);
}

TEST(test_levels)
{
	char *text;
	struct json *line;
	const char *at;

	assert_ok(log_open(unit_path("log"), LOG_LEVEL_WARN, ERR));
	log_event(LOG_LEVEL_DEBUG, "debug", NULL);
	log_event(LOG_LEVEL_INFO, "info", NULL);
	log_event(LOG_LEVEL_WARN, "warn", NULL);
	log_event(LOG_LEVEL_ERROR, "error", NULL);
	text = unit_read(unit_path("log"), NULL);
	at = text;
	line = next_line(&at);
	assert_member(line, "event", "warn");
	json_free(line);
	line = next_line(&at);
	assert_member(line, "level", "error");
	json_free(line);
	assert_string_equal(at, "");
	free(text);
}

/* A long value is cut between characters; the pairs behind it stay. */
TEST(test_long_value)
{
	static const char *const characters[] = {"x",    "\"",  "\xc3\xa9", "\xf0\x9f\x98\x80",
						 "\xff", "\x01"};
	struct strbuf value;

	strbuf_init(&value);
	for (size_t i = 0; i < COUNT(characters); i++) {
		struct json *line;
		const char *cut;

		strbuf_reset(&value);
		for (int n = 0; n < 5000; n++)
			strbuf_adds(&value, characters[i]);
		unlink(unit_path("log"));
		assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR));
		log_event(LOG_LEVEL_INFO, "long", "value", value.data, "id", "behind", NULL);
		line = only_line();
		cut = json_string(json_member(line, "value"));
		assert_string_equal(cut + strlen(cut) - 3, "...");
		assert_member(line, "id", "behind");
		json_free(line);
	}
	strbuf_clear(&value);
}

/*
 * However much there is to say: values are cut, then pairs left out, and the line stays an
 * object.
 */
TEST(test_full_line)
{
	char value[1200 + 1];

	for (size_t len = 900; len < sizeof(value); len++) {
		struct json *line;

		memset(value, 'v', len);
		value[len] = '\0';
		unlink(unit_path("log"));
		assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR));
		log_event(LOG_LEVEL_INFO, "full", "first", value, "second", value, "third", value,
			  "fourth", value, NULL);
		line = only_line();
		assert_member(line, "event", "full");
		json_free(line);
	}
}

TEST(test_file)
{
	char *text;
	struct stat st;
	mode_t mask = umask(0);

	assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR));
	umask(mask);
	assert_int_equal(stat(unit_path("log"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	log_event(LOG_LEVEL_INFO, "one", NULL);
	assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR)); /* appends */
	log_event(LOG_LEVEL_INFO, "two", NULL);
	text = unit_read(unit_path("log"), NULL);
	assert_holds(text, "\"one\"");
	assert_holds(text, "\"two\"");
	free(text);
}

/* A target that cannot be opened leaves the log as it was. */
TEST(test_bad_targets)
{
	struct json *line;
	const char *path;

	assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR));
	path = unit_path("none/log");
	assert_fails(log_open(path, LOG_LEVEL_INFO, ERR), STATUS_UNAVAILABLE, path);
	assert_status(log_open(unit_folder(), LOG_LEVEL_INFO, ERR), STATUS_UNAVAILABLE);
	path = unit_path("fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_status(log_open(path, LOG_LEVEL_INFO, ERR), STATUS_UNAVAILABLE);
	unlink(path);
	assert_int_equal(symlink(unit_path("log"), path), 0);
	assert_status(log_open(path, LOG_LEVEL_INFO, ERR), STATUS_UNAVAILABLE);
	unlink(path);
	log_event(LOG_LEVEL_INFO, "still", NULL);
	line = only_line();
	assert_member(line, "event", "still");
	json_free(line);
}

/* A disk that is full. */
TEST(test_lost)
{
	assert_ok(log_open("/dev/full", LOG_LEVEL_INFO, ERR));
	errno = ERANGE;
	log_event(LOG_LEVEL_INFO, "lost", NULL);
	assert_int_equal(errno, ERANGE);
	log_event(LOG_LEVEL_DEBUG, "not written anyway", NULL);
	assert_ok(log_open("/dev/null", LOG_LEVEL_INFO, ERR));
	log_event(LOG_LEVEL_INFO, "kept", NULL);
}

static void *write_lines(void *data)
{
	for (int i = 0; i < LOG_TEST_LINES; i++)
		log_event(LOG_LEVEL_INFO, "thread", "name", (const char *)data, NULL);
	return NULL;
}

TEST(test_threads)
{
	static char names[LOG_TEST_THREADS][64];
	pthread_t threads[LOG_TEST_THREADS];
	char *text;
	const char *at;
	size_t lines = 0;

	assert_ok(log_open(unit_path("log"), LOG_LEVEL_INFO, ERR));
	for (size_t i = 0; i < LOG_TEST_THREADS; i++) {
		memset(names[i], (int)('a' + i), sizeof(names[i]) - 1);
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
	}
	for (size_t i = 0; i < LOG_TEST_THREADS; i++)
		pthread_join(threads[i], NULL);
	text = unit_read(unit_path("log"), NULL);
	for (at = text; *at != '\0'; lines++) {
		struct json *line = next_line(&at);
		const char *name = json_string(json_member(line, "name"));

		assert_int_equal(strlen(name), sizeof(names[0]) - 1);
		assert_int_equal(strspn(name, (char[]){name[0], '\0'}), sizeof(names[0]) - 1);
		json_free(line);
	}
	assert_int_equal(lines, LOG_TEST_THREADS * LOG_TEST_LINES);
	free(text);
}

/* ---- syslog ---- */

#define SYSLOG_LINES 1000 /* more than a socket holds */

static int syslog_listen(int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", unit_path("syslog"));
	unlink(address.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void put(const char *text)
{
	log_writer_put(text, strlen(text), LOG_WARNING);
}

/* Waits for the next datagram, which must be the line that a process put. */
static void assert_syslog(int fd, pid_t pid, const char *text)
{
	char got[4096], expected[256];
	ssize_t len = recv(fd, got, sizeof(got) - 1, 0);

	assert_true(len >= 0);
	got[len] = '\0';
	snprintf(expected, sizeof(expected), "<%d>prebind[%d]: %s", LOG_DAEMON | LOG_WARNING,
		 (int)pid, text);
	assert_string_equal(got, expected);
}

static void assert_syslog_lost(int fd, const char *lines)
{
	char got[4096];
	ssize_t len = recv(fd, got, sizeof(got) - 1, 0);

	assert_true(len >= 0);
	got[len] = '\0';
	assert_holds(got, "\"event\":\"log_lost\"");
	assert_holds(got, lines);
}

/* A process that puts a line when the pipe's other end is closed. */
static pid_t fork_putting(int ends[2])
{
	pid_t pid = fork();
	char byte;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	alarm(60); /* a log that hangs ends the test */
	close(ends[1]);
	(void)!read(ends[0], &byte, 1);
	put("of the child\n");
	log_writer_flush();
	_exit(0);
}

/* syslog is not there at first; it is started again; it is full while a process is forked. */
TEST(test_syslog)
{
	char text[32];
	int ends[2], status = -1;

	log_writer_start_syslog(unit_path("syslog"));
	put("lost\n");
	put("lost, too\n");
	int fd = syslog_listen(SOCK_DGRAM);
	put("first\n");
	assert_syslog(fd, getpid(), "first");
	assert_syslog_lost(fd, "\"lines\":\"2\"");

	close(fd);
	fd = syslog_listen(SOCK_DGRAM);
	put("after a restart\n");
	assert_syslog(fd, getpid(), "after a restart");

	for (int i = 0; i < SYSLOG_LINES; i++) {
		snprintf(text, sizeof(text), "%d\n", i);
		put(text);
	}
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork_putting(ends);
	for (int i = 0; i < SYSLOG_LINES; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_syslog(fd, getpid(), text);
	}
	close(ends[1]);
	assert_syslog(fd, child, "of the child");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(fd);
}

/* Waits for the next line of a stream, which a NUL ends. */
static void assert_syslog_stream(int fd, const char *text)
{
	char got[256], expected[256];
	size_t len = 0;

	do
		assert_int_equal(recv(fd, got + len, 1, 0), 1);
	while (got[len++] != '\0' && len < sizeof(got));
	snprintf(expected, sizeof(expected), "<%d>prebind[%d]: %s", LOG_DAEMON | LOG_WARNING,
		 (int)getpid(), text);
	assert_string_equal(got, expected);
}

/* A syslog whose socket is a stream is started again, then replaced by one with datagrams. */
TEST(test_syslog_stream)
{
	int listening = syslog_listen(SOCK_STREAM);

	log_writer_start_syslog(unit_path("syslog"));
	for (int round = 0; round < 2; round++) {
		put("first\n");
		put("second\n");
		int fd = accept(listening, NULL, NULL);
		assert_true(fd >= 0);
		assert_syslog_stream(fd, "first");
		assert_syslog_stream(fd, "second");
		close(fd);
		close(listening);
		listening = syslog_listen(round == 0 ? SOCK_STREAM : SOCK_DGRAM);
	}
	put("third\n");
	assert_syslog(listening, getpid(), "third");
	close(listening);
}
