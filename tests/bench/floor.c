/*
 * The floor of the benchmark: what no program of this kind with these libraries can be faster than.
 * It takes a request, finds the user of a session cookie with one SELECT, makes one POST to the
 * XMPP server on a connection that is kept, and prints a small page. No limits, no escapes, no
 * configuration, no second thought: not fit for any use.
 *   FLOOR_DATABASE=FILE FLOOR_URL=URL FLOOR_LOGIN=USER:PASSWORD floor SOCKET PROCESSES THREADS
 * serves FastCGI on a UNIX socket; started as CGI it needs no arguments and answers once.
 */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>
#include <fcgiapp.h>
#include <sodium.h>
#include <sqlite3.h>

#define COOKIE     "prebind-insecure=" /* the program's, over plain http */
#define SELECT     "SELECT user FROM login_session WHERE token_hash = ?1"
#define TOKEN_LEN  43
#define BACKLOG    1024
#define ANSWER_MAX 8192
#define BUSY_MS    1000 /* the first CGI processes after a pause find a WAL to recover */
#define VALUE_MAX  128
#define STACK_SIZE (256 * 1024)

#define CALL                                                                                       \
	"{\"command\":{\"node\":\"pre-bind-bosh-session\",\"fields\":["                            \
	"{\"var\":\"from\",\"value\":\"%s\"},{\"var\":\"hold\",\"value\":\"1\"},"                  \
	"{\"var\":\"wait\",\"value\":\"60\"}]}}"

#define PAGE                                                                                       \
	"Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n\r\n"                \
	"<!DOCTYPE html>\n<title>Chat</title>\n"                                                   \
	"<div id=\"chat\" data-jid=\"%s\" data-sid=\"%s\" data-rid=\"%s\"></div>\n"                \
	"<script src=\"chat.js\"></script>\n"

#define LOGIN                                                                                      \
	"Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n\r\n"                \
	"<!DOCTYPE html>\n<title>Log in</title>\n<form method=\"post\"></form>\n"

/* One thread's own: prepared once. */
struct worker {
	sqlite3 *db;
	sqlite3_stmt *select;
	CURL *curl;
	char answer[ANSWER_MAX];
	size_t answer_len;
};

static int listener;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("floor: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	_exit(1);
}

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		die("%s is not set", name);
	return value;
}

/* ---- SELECT ---- */

static void database_open(struct worker *worker)
{
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;

	if (sqlite3_open_v2(setting("FLOOR_DATABASE"), &worker->db, flags, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(worker->db, BUSY_MS) != SQLITE_OK ||
	    sqlite3_prepare_v3(worker->db, SELECT, -1, SQLITE_PREPARE_PERSISTENT, &worker->select,
			       NULL) != SQLITE_OK)
		die("%s", sqlite3_errmsg(worker->db));
}

static bool user_find(struct worker *worker, const char *cookies, char user[VALUE_MAX])
{
	const char *token = cookies ? strstr(cookies, COOKIE) : NULL;
	unsigned char hash[crypto_hash_sha256_BYTES];
	bool found;

	if (!token || strnlen(token + strlen(COOKIE), TOKEN_LEN) < TOKEN_LEN)
		return false;
	token += strlen(COOKIE);
	crypto_hash_sha256(hash, (const unsigned char *)token, TOKEN_LEN);
	sqlite3_bind_blob(worker->select, 1, hash, sizeof(hash), SQLITE_STATIC);
	found = sqlite3_step(worker->select) == SQLITE_ROW;
	if (found)
		snprintf(user, VALUE_MAX, "%s",
			 (const char *)sqlite3_column_text(worker->select, 0));
	sqlite3_reset(worker->select);
	return found;
}

/* ---- POST ---- */

static size_t answer_add(char *data, size_t size, size_t count, void *arg)
{
	struct worker *worker = arg;

	(void)size; /* 1 */
	if (count >= ANSWER_MAX - worker->answer_len)
		return 0;
	memcpy(worker->answer + worker->answer_len, data, count);
	worker->answer_len += count;
	return count;
}

static void curl_open(struct worker *worker)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");

	worker->curl = curl_easy_init();
	if (!worker->curl || !headers)
		die("no libcurl");
	curl_easy_setopt(worker->curl, CURLOPT_URL, setting("FLOOR_URL"));
	curl_easy_setopt(worker->curl, CURLOPT_USERPWD, setting("FLOOR_LOGIN"));
	curl_easy_setopt(worker->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(worker->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(worker->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(worker->curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(worker->curl, CURLOPT_WRITEFUNCTION, answer_add);
	curl_easy_setopt(worker->curl, CURLOPT_WRITEDATA, worker);
}

static bool session_ask(struct worker *worker, const char *jid)
{
	char call[sizeof(CALL) + VALUE_MAX + 64];

	snprintf(call, sizeof(call), CALL, jid);
	worker->answer_len = 0;
	curl_easy_setopt(worker->curl, CURLOPT_POSTFIELDS, call);
	if (curl_easy_perform(worker->curl) != CURLE_OK)
		return false;
	worker->answer[worker->answer_len] = '\0';
	return true;
}

/* The "value" that stands behind a "var" of this name. */
static bool value_find(const char *answer, const char *var, char out[VALUE_MAX])
{
	const char *at = strstr(answer, var);

	at = at ? strstr(at, "\"value\": \"") : NULL;
	return at && sscanf(at + strlen("\"value\": \""), "%127[^\"]", out) == 1;
}

/* ---- printf ---- */

static void page_make(struct worker *worker, const char *cookies, char *out, size_t size)
{
	char user[VALUE_MAX], sid[VALUE_MAX], rid[VALUE_MAX], jid[VALUE_MAX + 64];

	if (!user_find(worker, cookies, user)) {
		snprintf(out, size, "%s", LOGIN);
		return;
	}
	snprintf(jid, sizeof(jid), "%s@example.test/web-0123456789abcdef", user);
	if (session_ask(worker, jid) && value_find(worker->answer, "\"sid\"", sid) &&
	    value_find(worker->answer, "\"rid\"", rid))
		snprintf(out, size, PAGE, jid, sid, rid);
	else
		snprintf(out, size, "Status: 502\r\n\r\n");
}

static void *serve(void *arg)
{
	struct worker worker = {0};
	FCGX_Request request;
	char page[ANSWER_MAX];

	(void)arg;
	database_open(&worker);
	curl_open(&worker);
	FCGX_InitRequest(&request, listener, 0);
	while (FCGX_Accept_r(&request) == 0) {
		page_make(&worker, FCGX_GetParam("HTTP_COOKIE", request.envp), page, sizeof(page));
		FCGX_PutS(page, request.out);
		FCGX_Finish_r(&request);
	}
	die("accept: %m");
}

static void serve_cgi(void)
{
	struct worker worker = {0};
	char page[ANSWER_MAX];

	database_open(&worker);
	curl_open(&worker);
	page_make(&worker, getenv("HTTP_COOKIE"), page, sizeof(page));
	fputs(page, stdout);
	fflush(stdout);
	_exit(0);
}

/* ---- the processes ---- */

static void serve_threads(long threads)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (long i = 1; i < threads; i++) {
		if (pthread_create(&thread, &attr, serve, NULL) != 0)
			die("no more threads");
	}
	serve(NULL);
}

int main(int argc, char **argv)
{
	curl_global_init(CURL_GLOBAL_NOTHING); /* plain http */
	if (sodium_init() < 0)
		die("no libsodium");
	if (getenv("GATEWAY_INTERFACE"))
		serve_cgi();
	if (argc != 4)
		die("usage: see the head of tests/bench/floor.c");
	if (FCGX_Init() != 0)
		die("no libfcgi");
	umask(0117);
	listener = FCGX_OpenSocket(argv[1], BACKLOG);
	for (long i = 0; i < strtol(argv[2], NULL, 10); i++) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve_threads(strtol(argv[3], NULL, 10));
		}
	}
	wait(NULL);
	die("a process ended");
}
