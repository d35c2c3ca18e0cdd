/*
 * Good answers of Tigase's, made wrong in some two thousand ways and given to the whole service by
 * HTTP: bytes changed, fields twice, missing, exchanged, or another user's. Whatever comes of it,
 * it is no crash and no session of somebody who was not asked for. Run it from the project's root.
 */
#include <pthread.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "unit.h"

#include "base/secret.h"
#include "loopback.h"
#include "net/http_client.h"
#include "prebind/prebind.h"

#define FOLDER     "tests/peers/tigase/"
#define ASKED      "alice@example.test/web1"
#define MUTANTS    1000 /* of each format */
#define SEED       UINT64_C(0x5eed0fad0c0de)
#define FIELDS_MAX 16
#define PIECE_MAX  512
#define BODY_MAX   16384

/* ---- chance, the same each time (Marsaglia's xorshift64*) ---- */

static uint64_t chance_state;

static size_t chance(size_t below)
{
	chance_state ^= chance_state >> 12;
	chance_state ^= chance_state << 25;
	chance_state ^= chance_state >> 27;
	return (size_t)(chance_state * UINT64_C(2685821657736338717) >> 33) % below;
}

/* ---- a server that has one answer ---- */

struct server {
	int listener;
	int port;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	const char *type;
	char body[BODY_MAX];
	size_t len;
};

/* One connection a call, so that none is left when the next answer is made. */
static void *serve(void *arg)
{
	struct server *server = arg;
	char head[256];
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		bool asked = read_whole_request(fd);

		pthread_mutex_lock(&server->lock);
		if (asked) {
			snprintf(head, sizeof(head),
				 "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: %s\r\n"
				 "Content-Length: %zu\r\n\r\n",
				 server->type, server->len);
			send(fd, head, strlen(head), MSG_NOSIGNAL | MSG_MORE);
			send(fd, server->body, server->len, MSG_NOSIGNAL);
		}
		pthread_mutex_unlock(&server->lock);
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *server)
{
	pthread_mutex_init(&server->lock, NULL);
	server->listener = listen_on_loopback(8, &server->port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	pthread_mutex_destroy(&server->lock);
}

/* ---- an answer in pieces ---- */

struct format {
	long conf; /* enum conf_format */
	const char *recording;
	const char *type;
	const char *open, *close, *between; /* of a field */
};

static const struct format json = {FORMAT_JSON,     "020-json-full-jid", "application/json",
				   "            {", "            }",     ",\n"};
static const struct format xml = {FORMAT_XML,   "010-xml-full-jid", "application/xml",
				  "    <item>", "    </item>",      "\n"};

struct answer {
	const struct format *format;
	char head[PIECE_MAX];
	char fields[FIELDS_MAX][PIECE_MAX];
	size_t n_fields;
	char tail[PIECE_MAX];
};

static void piece_copy(char out[PIECE_MAX], const char *from, const char *to)
{
	assert_true(to >= from && to - from < PIECE_MAX);
	memcpy(out, from, (size_t)(to - from));
	out[to - from] = '\0';
}

/* A recorded answer has one chunk. */
static void answer_load(const struct format *format, struct answer *out)
{
	char path[128];
	const char *at, *end;

	snprintf(path, sizeof(path), FOLDER "%s.resp", format->recording);
	char *text = unit_read(path, NULL);
	at = strstr(strstr(text, "\r\n\r\n") + 4, "\r\n") + 2;
	end = strstr(at, "\r\n0\r\n");
	assert_non_null(end);

	*out = (struct answer){.format = format};
	for (const char *open = strstr(at, format->open); open; open = strstr(at, format->open)) {
		const char *close = strstr(open, format->close) + strlen(format->close);

		if (out->n_fields == 0)
			piece_copy(out->head, at, open);
		piece_copy(out->fields[out->n_fields++], open, close);
		at = close;
	}
	assert_int_equal(out->n_fields, 6);
	piece_copy(out->tail, at, end);
	free(text);
}

static void answer_write(const struct answer *answer, struct server *server)
{
	struct strbuf text;

	strbuf_init(&text);
	strbuf_adds(&text, answer->head);
	for (size_t i = 0; i < answer->n_fields; i++)
		strbuf_addf(&text, "%s%s", i ? answer->format->between : "", answer->fields[i]);
	strbuf_adds(&text, answer->tail);
	assert_true(strbuf_ok(&text) && text.len < sizeof(server->body));
	memcpy(server->body, text.data, text.len);
	server->len = text.len;
	strbuf_clear(&text);
}

/* ---- mutations of fields ---- */

static void field_twice(struct answer *answer)
{
	size_t from = chance(answer->n_fields);

	if (answer->n_fields < FIELDS_MAX)
		memcpy(answer->fields[answer->n_fields++], answer->fields[from], PIECE_MAX);
}

static void field_drop(struct answer *answer)
{
	size_t at = chance(answer->n_fields);

	if (answer->n_fields > 1) {
		answer->n_fields--;
		memmove(answer->fields[at], answer->fields[answer->n_fields], PIECE_MAX);
	}
}

static void fields_swap(struct answer *answer)
{
	char *a = answer->fields[chance(answer->n_fields)];
	char *b = answer->fields[chance(answer->n_fields)];
	char c[PIECE_MAX];

	memcpy(c, a, PIECE_MAX);
	memmove(a, b, PIECE_MAX);
	memcpy(b, c, PIECE_MAX);
}

/* Puts the text `to` where the field has `from`. */
static void field_replace(char field[PIECE_MAX], const char *from, const char *to)
{
	char *at = strstr(field, from);
	char new[PIECE_MAX];

	if (!at)
		return;
	snprintf(new, sizeof(new), "%.*s%s%s", (int)(at - field), field, to, at + strlen(from));
	memcpy(field, new, PIECE_MAX);
}

static const struct {
	const char *from, *to;
} exchanges[] = {
    {"alice@example.test",  "mallory@example.test"                    },
    {"alice@example.test",  "alice@other.test"                        },
    {"alice@example.test",  "alice@example.test.evil"                 },
    {"alice@example.test",  "alice@example.test@mallory"              },
    {"alice@example.test",  "xalice@example.test"                     },
    {"alice@example.test",  "&amp;alice@example.test"                 },
    {"alice@example.test",  "al\\u0069ce@example.test"                },
    {"alice@example.test",  "al\xce\xb9"
			   "ce@example.test"}, /* a Greek iota */
    {"alice@example.test",  "example.test"                            },
    {"alice@example.test/", "alice@example.test"                      },
    {"/web1",	       ""					},
    {"/web1",	       "/mallory@example.test"                   },
    {"web1",		"&amp;lt;web1"			    },
    {"alice",	       "ALICE"				   },
    {"alice",	       ""					},
    {"from",		"sid"				     },
    {"from",		"FROM"				    },
    {"sid",		 "from"				    },
    {"rid",		 "Error"				   },
    {"hold",		"from"				    },
    {"localhost",           "localhost/../evil"                       },
    {"localhost",           "node2"				   },
    {"-4",		  "-4 "				     },
    {"value",	       "Value"				   },
    {"1",		   "18446744073709551617"                    },
    {"9",		   "-9"				      },
    {"6",		   "6e3"				     },
};

static void value_exchange(struct answer *answer)
{
	size_t i = chance(COUNT(exchanges));

	for (size_t f = 0; f < answer->n_fields; f++)
		field_replace(answer->fields[f], exchanges[i].from, exchanges[i].to);
}

/* The other user's field beside ours. */
static void field_of_another(struct answer *answer)
{
	size_t at = chance(answer->n_fields);

	field_twice(answer);
	field_replace(answer->fields[at], "alice", "mallory");
	field_replace(answer->fields[at], "2", "3");
}

/* ---- mutations of bytes ---- */

static void bytes_flip(struct server *server)
{
	for (size_t n = 1 + chance(4); n > 0; n--)
		server->body[chance(server->len)] ^= (char)(1 << chance(8));
}

static void bytes_set(struct server *server)
{
	static const char odd[] = "\0<>&\"'{}[],:/@\\\x7f\x80\xc3\xff\n";

	for (size_t n = 1 + chance(3); n > 0; n--)
		server->body[chance(server->len)] = odd[chance(sizeof(odd))];
}

static void bytes_cut(struct server *server)
{
	server->len = 1 + chance(server->len - 1);
}

static void bytes_repeat(struct server *server)
{
	size_t from = chance(server->len);
	size_t len = 1 + chance(server->len - from);

	if (server->len + len > sizeof(server->body))
		return;
	memmove(server->body + from + len, server->body + from, server->len - from);
	server->len += len;
}

static void bytes_drop(struct server *server)
{
	size_t from = chance(server->len - 1);
	size_t len = 1 + chance(server->len - from - 1);

	memmove(server->body + from, server->body + from + len, server->len - from - len);
	server->len -= len;
}

static void (*const field_mutations[])(struct answer *) = {
    field_twice, field_drop, fields_swap, value_exchange, value_exchange, field_of_another};
static void (*const byte_mutations[])(struct server *) = {bytes_flip, bytes_flip,   bytes_set,
							  bytes_cut,  bytes_repeat, bytes_drop};

static void mutate(const struct answer *good, struct server *server)
{
	struct answer answer = *good;
	size_t kind = chance(3); /* fields, bytes, both */

	for (size_t n = kind == 1 ? 0 : 1 + chance(2); n > 0; n--)
		field_mutations[chance(COUNT(field_mutations))](&answer);
	answer_write(&answer, server);
	for (size_t n = kind == 0 ? 0 : 1; n > 0; n--)
		byte_mutations[chance(COUNT(byte_mutations))](server);
}

/* ---- the service ---- */

/* A configuration owns its texts, so they are not constant. */
static char nothing[] = "", name[] = "default", bosh_url[] = "/http-bind", resource[] = "server",
	    user[] = "admin@example.test";

struct fixture {
	struct server server;
	char url[64];
	char *urls[1];
	struct site_conf conf;
	struct jid asked;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	unit_folder_make(NULL);
	server_start(&f->server);
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d/rest/adhoc/bosh@example.test",
		 f->server.port);
	f->urls[0] = f->url;
	f->conf = (struct site_conf){
	    .name = name,
	    .backend = BACKEND_TIGASE,
	    .bosh_url = bosh_url,
	    .resource = resource,
	    .ca_file = nothing,
	    .hold = 1,
	    .wait = 60,
	    .timeout_ms = 10000,
	    .upstream_max = 1,
	    .tigase_url = {.items = f->urls, .count = 1},
	    .tigase_user = user,
	    .tigase_password_file = (char *)unit_write("password", "adminpass\n"),
	    .tigase_api_key_file = nothing,
	};
	assert_ok(jid_parse(ASKED, &f->asked, ERR));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	server_stop(&f->server);
	jid_clear(&f->asked);
	free(f);
	return unit_folder_remove(NULL);
}

/* A service of its own for each: one would soon no longer ask this server. */
static enum status bind_once(struct fixture *f, struct chat_session *out, struct error *err)
{
	struct prebind *prebind = NULL;
	enum status status = prebind_new(&f->conf, NULL, &prebind, err);

	assert_ok(status);
	status = prebind_bind(prebind, &f->asked, PREBIND_NOBODY_WAITS, out, err);
	prebind_free(prebind);
	return status;
}

static void assert_asked_session(struct fixture *f, const struct chat_session *session)
{
	struct jid got = {0};

	if (jid_parse(session->jid, &got, NULL) != STATUS_OK || !jid_same_bare(&got, &f->asked) ||
	    !got.resource[0])
		fail_msg("a session of %s for:\n%.*s", session->jid, (int)f->server.len,
			 f->server.body);
	assert_in_range(strlen(session->sid), 16, 64);
	assert_int_equal(strspn(session->rid, "0123456789"), strlen(session->rid));
	assert_in_range(strtoll(session->rid, NULL, 10), 1, (INT64_C(1) << 53) - 1000000);
	assert_string_equal(session->bosh_url, "/http-bind");
	jid_clear(&got);
}

static void replay_mutants(struct fixture *f, const struct format *format)
{
	struct answer good;
	int sessions = 0;

	answer_load(format, &good);
	f->conf.tigase_format = format->conf;
	pthread_mutex_lock(&f->server.lock);
	f->server.type = format->type;
	pthread_mutex_unlock(&f->server.lock);
	chance_state = SEED;
	for (int i = 0; i <= MUTANTS; i++) {
		struct chat_session session = {0};
		struct error err = {0};
		enum status status;

		pthread_mutex_lock(&f->server.lock);
		if (i == 0) /* as it was recorded */
			answer_write(&good, &f->server);
		else
			mutate(&good, &f->server);
		pthread_mutex_unlock(&f->server.lock);
		status = bind_once(f, &session, &err);
		if (status == STATUS_OK) {
			assert_asked_session(f, &session);
			sessions++;
		} else {
			assert_status(status, STATUS_CHAT_SERVER);
			assert_true(i > 0 && err.text[0] != '\0');
			assert_null(session.jid);
		}
		chat_session_clear(&session);
	}
	/* Some changes do no harm; were it most, nothing would have been tried. */
	assert_in_range(sessions, 2, MUTANTS / 2);
}

GROUP(client_start, client_stop)

FIXTURE(setup, teardown)

TEST(json_mutants)
{
	replay_mutants(*state, &json);
}

TEST(xml_mutants)
{
	replay_mutants(*state, &xml);
}
