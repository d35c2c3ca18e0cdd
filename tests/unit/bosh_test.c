/*
 * BOSH bodies: what is written, byte for byte, and answers as Prosody 0.12, ejabberd 23.01 and
 * Tigase 8.2 print them; and what a log-in says of answers that end it.
 */
#include <pthread.h>
#include <sys/socket.h>

#include "unit.h"

#include "base/secret.h"
#include "base/xml.h"
#include "loopback.h"
#include "net/http_client.h"
#include "prebind/prebind.h"
#include "store/jid_map.h"
#include "store_fixture.h"
#include "xmpp/bosh.h"

#define BODY "<body xmlns='http://jabber.org/protocol/httpbind'"
#define SASL "urn:ietf:params:xml:ns:xmpp-sasl"

/* ---- writing ---- */

/* Compares, and reads what was written as XML. */
static void expect_body(struct strbuf *out, const char *expected)
{
	struct xml_node *root = NULL;
	struct error err = {0};

	assert_true(strbuf_ok(out));
	assert_string_equal(out->data, expected);
	if (xml_parse(out->data, out->len, NULL, &root, &err) != STATUS_OK)
		fail_msg("%s: %s", out->data, err.text);
	xml_free(root);
	strbuf_clear(out);
}

TEST(test_create)
{
	const struct bosh_create create = {
	    .domain = "example.org", .rid = 9007199253740991, .hold = 1, .wait = 60};
	struct strbuf out;

	strbuf_init(&out);
	bosh_create_write(&out, &create);
	expect_body(&out,
		    "<body rid='9007199253740991' to='example.org' wait='60' hold='1' ver='1.6' "
		    "xml:lang='en' content='text/xml; charset=utf-8' xmpp:version='1.0' "
		    "xmlns:xmpp='urn:xmpp:xbosh' xmlns='http://jabber.org/protocol/httpbind'/>");
}

TEST(test_create_with_a_route)
{
	const struct bosh_create create = {
	    .domain = "example.org", .route = "xmpp:xmpp1.example.org:5222", .rid = 1, .wait = 60};
	struct strbuf out;

	strbuf_init(&out);
	bosh_create_write(&out, &create);
	expect_body(&out,
		    "<body rid='1' to='example.org' route='xmpp:xmpp1.example.org:5222' wait='60' "
		    "hold='0' ver='1.6' xml:lang='en' content='text/xml; charset=utf-8' "
		    "xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh' "
		    "xmlns='http://jabber.org/protocol/httpbind'/>");
}

TEST(test_bodies)
{
	struct strbuf out;

	strbuf_init(&out);
	bosh_body_write(&out, "s'1", 7, "");
	expect_body(&out, "<body rid='7' sid='s&apos;1' "
			  "xmlns='http://jabber.org/protocol/httpbind'></body>");
	bosh_body_write(&out, "s1", 8, "<a xmlns=''/>");
	expect_body(&out, "<body rid='8' sid='s1' xmlns='http://jabber.org/protocol/httpbind'>"
			  "<a xmlns=''/></body>");
	bosh_restart_write(&out, "s1", 9, "example.org");
	expect_body(&out, "<body rid='9' sid='s1' to='example.org' xml:lang='en' "
			  "xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh' "
			  "xmlns='http://jabber.org/protocol/httpbind'/>");
	bosh_terminate_write(&out, "s1", 10);
	expect_body(&out, "<body rid='10' sid='s1' type='terminate' "
			  "xmlns='http://jabber.org/protocol/httpbind'/>");
}

TEST(test_sasl_payloads)
{
	struct strbuf out;

	strbuf_init(&out);
	bosh_sasl_auth_write(&out, "PLAIN", "AGEAYg==");
	expect_body(&out, "<auth xmlns='" SASL "' mechanism='PLAIN'>AGEAYg==</auth>");
	bosh_sasl_auth_write(&out, "X", NULL);
	expect_body(&out, "<auth xmlns='" SASL "' mechanism='X'></auth>");
	bosh_sasl_auth_write(&out, "X", "");
	expect_body(&out, "<auth xmlns='" SASL "' mechanism='X'>=</auth>");
	bosh_sasl_response_write(&out, "Yz1iaXdz");
	expect_body(&out, "<response xmlns='" SASL "'>Yz1iaXdz</response>");
	bosh_sasl_response_write(&out, NULL);
	expect_body(&out, "<response xmlns='" SASL "'></response>");
	bosh_sasl_response_write(&out, "");
	expect_body(&out, "<response xmlns='" SASL "'></response>");
}

TEST(test_iq_payloads)
{
	struct strbuf out;

	strbuf_init(&out);
	bosh_bind_write(&out, "b1", "web & <more> 'n \"x\"");
	expect_body(
	    &out, "<iq type='set' id='b1' xmlns='jabber:client'>"
		  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
		  "<resource>web &amp; &lt;more&gt; &apos;n &quot;x&quot;</resource></bind></iq>");
	bosh_bind_write(&out, "b1", NULL);
	expect_body(&out, "<iq type='set' id='b1' xmlns='jabber:client'>"
			  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'></bind></iq>");
	bosh_session_write(&out, "s1");
	expect_body(&out, "<iq type='set' id='s1' xmlns='jabber:client'>"
			  "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
}

/* ---- reading ---- */

struct expected { /* a struct bosh_answer of constants; NULL: "" */
	enum bosh_step step;
	const char *sid, *mechanisms, *data, *condition;
	long wait, hold, inactivity;
	bool bind_offered, session_required;
};

static const char *text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

TEST(test_answers)
{
	/* clang-format off */
	static const struct {
		const char *text;
		struct expected expected;
	} rows[] = {
	    /* Prosody: creation, stream features with a prefix */
	    {"<body xmlns:xmpp='urn:xmpp:xbosh' hold='1' wait='60' polling='5' requests='2' "
	     "secure='true' xmpp:version='1.0' sid='0b0b4bc0-3a35-4c42-9e4f-a5a1e2b4f4d1' "
	     "authid='0b0b4bc0' inactivity='60' xmlns:stream='http://etherx.jabber.org/streams' "
	     "from='example.org' ver='1.6' xmlns='http://jabber.org/protocol/httpbind'>"
	     "<stream:features><mechanisms xmlns='" SASL "'><mechanism>SCRAM-SHA-1</mechanism>"
	     "<mechanism>PLAIN</mechanism></mechanisms></stream:features></body>",
	     {.step = BOSH_FEATURES,
	      .sid = "0b0b4bc0-3a35-4c42-9e4f-a5a1e2b4f4d1",
	      .wait = 60,
	      .hold = 1,
	      .inactivity = 60,
	      .mechanisms = "SCRAM-SHA-1 PLAIN"}},
	    /* ejabberd: other order, and the features' namespace said again on the element */
	    {"<?xml version='1.0'?><body xmlns='http://jabber.org/protocol/httpbind' "
	     "xmlns:xmpp='urn:xmpp:xbosh' xmlns:stream='http://etherx.jabber.org/streams' "
	     "sid='a94a8fe5ccb19ba61c4c0873d391e987982fbbd3' wait='60' ver='1.11' polling='2' "
	     "inactivity='30' hold='1' xmpp:restartlogic='true' requests='2' secure='true' "
	     "maxpause='120' from='example.org'><stream:features "
	     "xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='" SASL "'>"
	     "<mechanism>X-OAUTH2</mechanism><mechanism>SCRAM-SHA-256</mechanism>"
	     "</mechanisms><register xmlns='http://jabber.org/features/iq-register'/>"
	     "</stream:features></body>",
	     {.step = BOSH_FEATURES,
	      .sid = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
	      .wait = 60,
	      .hold = 1,
	      .inactivity = 30,
	      .mechanisms = "X-OAUTH2 SCRAM-SHA-256"}},
	    /* names that are none are left out */
	    {BODY "><features xmlns='http://etherx.jabber.org/streams'><mechanisms xmlns='" SASL
		  "'><mechanism>lower</mechanism><mechanism>A B</mechanism><mechanism/>"
		  "<mechanism>PLAIN</mechanism><other>SCRAM-SHA-1</other>"
		  "<mechanism>AAAAAAAAAABBBBBBBBBBC</mechanism></mechanisms></features></body>",
	     {.step = BOSH_FEATURES, .mechanisms = "PLAIN"}},
	    /* after the restart; session optional (Prosody, ejabberd) or not */
	    {BODY " xmlns:stream='http://etherx.jabber.org/streams'><stream:features>"
		  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind>"
		  "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>"
		  "<ver xmlns='urn:xmpp:features:rosterver'/></stream:features></body>",
	     {.step = BOSH_FEATURES, .bind_offered = true}},
	    {BODY "><features xmlns='http://etherx.jabber.org/streams'>"
		  "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"
		  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></features></body>",
	     {.step = BOSH_FEATURES, .bind_offered = true, .session_required = true}},
	    {BODY "><features xmlns='http://etherx.jabber.org/streams'>"
		  "<bind xmlns='jabber:client'/></features></body>",
	     {.step = BOSH_FEATURES}},
	    /* SASL */
	    {BODY "><challenge xmlns='" SASL "'>cj1meWtv</challenge></body>",
	     {.step = BOSH_CHALLENGE, .data = "cj1meWtv"}},
	    {BODY "><challenge xmlns='" SASL "'/></body>",
	     {.step = BOSH_CHALLENGE}},
	    {BODY "><s:challenge xmlns:s='" SASL "'>=</s:challenge></body>",
	     {.step = BOSH_CHALLENGE}},
	    {BODY "><success xmlns='" SASL "'>dj1ybUY5</success></body>",
	     {.step = BOSH_SUCCESS, .data = "dj1ybUY5"}},
	    {BODY "><success xmlns='" SASL "'/></body>",
	     {.step = BOSH_SUCCESS}},
	    {BODY "><success xmlns='" SASL "'>=</success></body>",
	     {.step = BOSH_SUCCESS}},
	    {BODY "><failure xmlns='" SASL "'><not-authorized/><text>No.</text></failure></body>",
	     {.step = BOSH_FAILURE, .condition = "not-authorized"}},
	    {BODY "><failure xmlns='" SASL "'><text xml:lang='en'>Invalid username</text>"
		  "<account-disabled/></failure></body>",
	     {.step = BOSH_FAILURE, .condition = "account-disabled"}},
	    {BODY "><failure xmlns='" SASL "'/></body>",
	     {.step = BOSH_FAILURE}},
	    /* iq */
	    {BODY "><iq xmlns='jabber:client' id='b1' type='result'>"
		  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
		  "<jid>alice@example.org/web-1</jid></bind></iq></body>",
	     {.step = BOSH_BOUND, .data = "alice@example.org/web-1"}},
	    {BODY "><iq xmlns='jabber:client' xml:lang='en' to='alice@example.org/x' id='s1' "
		  "type='result'/></body>",
	     {.step = BOSH_RESULT}},
	    {BODY "><iq xmlns='jabber:client' id='b1' type='result'>"
		  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq></body>",
	     {.step = BOSH_RESULT}},
	    {BODY "><iq xmlns='jabber:client' id='b1' type='error'>"
		  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>no</jid></bind>"
		  "<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
		  "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>In use</text></error></iq>"
		  "</body>",
	     {.step = BOSH_IQ_ERROR, .condition = "conflict"}},
	    {BODY "><iq xmlns='jabber:client' id='b1' type='error'/></body>",
	     {.step = BOSH_IQ_ERROR}},
	    {BODY "><iq xmlns='jabber:client' id='v' type='get'>"
		  "<query xmlns='jabber:iq:version'/></iq></body>",
	     {.step = BOSH_OTHER}},
	    {BODY "><iq xmlns='jabber:client'/></body>",
	     {.step = BOSH_OTHER}},
	    /* the answer among the server's own stanzas (Tigase's first bodies) */
	    {BODY "><iq from='sess-man@localhost' type='result' xmlns='jabber:client' id='x'/>"
		  "<message xmlns='jabber:client'/><iq xmlns='jabber:client' type='result'>"
		  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>a@b/c</jid></bind></iq>"
		  "<iq xmlns='jabber:client' type='error'/></body>",
	     {.step = BOSH_BOUND, .data = "a@b/c"}},
	    {BODY "><iq xmlns='jabber:client' type='result'/><presence xmlns='jabber:client'/>"
		  "</body>",
	     {.step = BOSH_RESULT}},
	    /* nothing, and what is not ours */
	    {BODY "/>",
	     {.step = BOSH_NOTHING}},
	    {BODY " sid='s'>  </body>",
	     {.step = BOSH_NOTHING, .sid = "s"}},
	    {BODY "><success/></body>",
	     {.step = BOSH_OTHER}},
	    {BODY "><message xmlns='jabber:client'/></body>",
	     {.step = BOSH_OTHER}},
	    /* limits of numbers */
	    {BODY " wait='0' hold='0' inactivity='86400'/>",
	     {.step = BOSH_NOTHING, .inactivity = 86400}},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct expected *expected = &rows[i].expected;
		const bool numbers = strstr(rows[i].text, "wait=") != NULL;
		struct bosh_answer answer = {0};
		struct error err = {0};

		if (bosh_answer_read(rows[i].text, strlen(rows[i].text), &answer, &err) !=
		    STATUS_OK)
			fail_msg("row %zu: %s", i, err.text);
		if (answer.step != expected->step)
			fail_msg("row %zu: step %d, not %d", i, answer.step, expected->step);
		assert_string_equal(answer.sid, text_or_empty(expected->sid));
		assert_string_equal(answer.mechanisms, text_or_empty(expected->mechanisms));
		assert_string_equal(answer.data, text_or_empty(expected->data));
		assert_string_equal(answer.condition, text_or_empty(expected->condition));
		assert_int_equal(answer.wait, numbers ? expected->wait : -1);
		assert_int_equal(answer.hold, numbers ? expected->hold : -1);
		assert_int_equal(answer.inactivity, numbers ? expected->inactivity : -1);
		assert_int_equal(answer.bind_offered, expected->bind_offered);
		assert_int_equal(answer.session_required, expected->session_required);
		bosh_answer_clear(&answer);
		assert_null(answer.data);
	}
}

TEST(test_refused)
{
	/* clang-format off */
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {BODY " type='terminate' condition='host-unknown'/>",
	     "ended the session (host-unknown): the server does not serve the domain"},
	    {BODY " type='terminate' condition='item-not-found'/>",
	     "(item-not-found): the session"},
	    {BODY " type='terminate' condition='improper-addressing'/>", "check the key jid"},
	    {BODY " type='terminate' condition='some-new-one'/>", "(some-new-one): see the server's log"},
	    {BODY " type='terminate'/>", "ended the session (without a condition)"},
	    {"<body type=\"terminate\" xmlns:stream=\"http://etherx.jabber.org/streams\" "
	     "secure=\"true\" host=\"localhost\" from=\"example.test\" xmpp:version=\"1.0\" "
	     "xmlns:xmpp=\"urn:xmpp:xbosh\" xmlns=\"http://jabber.org/protocol/httpbind\"/>",
	     "ended the session (without a condition)"},
	    {BODY " type='error'/>", "reports an error (without a condition)"},
	    {BODY " type='error' condition='policy-violation'/>",
	     "reports an error (policy-violation)"},
	    {BODY
	     " type='terminate' condition='remote-stream-error' "
	     "xmlns:stream='http://etherx.jabber.org/streams'><stream:error>"
	     "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>x</text>"
	     "<host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></body>",
	     "reports a stream error (host-unknown): the server does not serve"},
	    {BODY "><error xmlns='http://etherx.jabber.org/streams'/></body>",
	     "reports a stream error (without a condition)"},
	    /* a session, and its end beside it: the end counts */
	    {BODY " sid='s' type='terminate'><success xmlns='" SASL "'/></body>", "ended"},
	    /* not BOSH */
	    {"", "not XML"},
	    {"<html><body>It works!</body></html>", "is a <html>, not a BOSH body"},
	    {"<body/>", "is a <body>, not a BOSH body"},
	    {"<x xmlns='http://jabber.org/protocol/httpbind'/>", "not a BOSH body"},
	    {"It works! Now point your BOSH client to this URL", "not XML"},
	    {BODY ">", "not XML"},
	    {BODY "/><x/>", "not XML"},
	    {"<!DOCTYPE body>" BODY "/>", "DTD"},
	    {"<!DOCTYPE x [<!ENTITY a 'b'>]>" BODY ">&a;</body>", "DTD"},
	    /* attributes */
	    {BODY " sid=''/>", "attribute sid"},
	    {BODY " sid='a b'/>", "attribute sid"},
	    {BODY " sid='a\xc3\xa9'/>", "attribute sid"},
	    {BODY " wait='-1'/>", "attribute wait"},
	    {BODY " wait=''/>", "attribute wait"},
	    {BODY " wait='60.5'/>", "attribute wait"},
	    {BODY " hold='one'/>", "attribute hold"},
	    {BODY " inactivity='86401'/>", "attribute inactivity"},
	    {BODY " inactivity='99999999999999999999'/>", "attribute inactivity"},
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bosh_answer answer = {0};
		struct error err = {0};
		enum status status =
		    bosh_answer_read(rows[i].text, strlen(rows[i].text), &answer, &err);

		if (status != STATUS_CHAT_SERVER || strstr(err.text, rows[i].why) == NULL)
			fail_msg("row %zu: status %d, \"%s\"", i, status, err.text);
		assert_null(answer.data);
	}
}

TEST(test_sid_length)
{
	struct strbuf text;
	struct bosh_answer answer = {0};

	for (size_t n = BOSH_SID_MAX; n <= BOSH_SID_MAX + 1; n++) {
		enum status expected = n == BOSH_SID_MAX ? STATUS_OK : STATUS_CHAT_SERVER;

		strbuf_init(&text);
		strbuf_adds(&text, BODY " sid='");
		for (size_t i = 0; i < n; i++)
			strbuf_addc(&text, 's');
		strbuf_adds(&text, "'/>");
		assert_int_equal(bosh_answer_read(text.data, text.len, &answer, NULL), expected);
		if (expected == STATUS_OK) {
			assert_int_equal(strlen(answer.sid), n);
			bosh_answer_clear(&answer);
		}
		strbuf_clear(&text);
	}
	bosh_answer_clear(&answer); /* of a zeroed one */
}

/* ---- what a log-in says of a server that answers otherwise ---- */

#define STREAMS  "http://etherx.jabber.org/streams"
#define BIND     "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
#define FEATURES BODY " sid='s1'><features xmlns='" STREAMS "'>"
#define OFFER                                                                                      \
	FEATURES "<mechanisms xmlns='" SASL "'><mechanism>ANONYMOUS</mechanism>"                   \
		 "</mechanisms></features></body>"
#define CHALLENGE BODY "><challenge xmlns='" SASL "'/></body>"
#define SUCCESS   BODY "><success xmlns='" SASL "'/></body>"
#define RESTARTED FEATURES BIND "</features></body>"
#define NO_BIND(condition)                                                                         \
	BODY "><iq xmlns='jabber:client' id='bind1' type='error'><error type='modify'><" condition \
	     " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq></body>"

/* A server that gives these answers, one a connection, and then an empty body each time. */
struct server {
	int listener;
	int port;
	pthread_t thread;
	const char *const *answers; /* up to a NULL */
};

static void *serve(void *arg)
{
	struct server *server = arg;
	char text[2048];
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		if (read_whole_request(fd)) {
			const char *answer =
			    *server->answers != NULL ? *server->answers++ : BODY "/>";
			int len = snprintf(text, sizeof(text),
					   "HTTP/1.1 200 OK\r\nConnection: close\r\n"
					   "Content-Length: %zu\r\n\r\n%s",
					   strlen(answer), answer);

			send(fd, text, (size_t)len, MSG_NOSIGNAL);
		}
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *server, const char *const *answers)
{
	server->answers = answers;
	server->listener = listen_on_loopback(8, &server->port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
}

#define TEXT(text) ((char *)(text))

/* A site whose BOSH service, and whose ejabberd, is at that address. */
static struct site_conf conf_of(char **url)
{
	return (struct site_conf){
	    .name = TEXT("test"),
	    .backend = BACKEND_BOSH,
	    .jid = TEXT("{user}@example.test"),
	    .bosh_url = TEXT("/http-bind"),
	    .resource = TEXT("web"),
	    .ca_file = TEXT(""),
	    .hold = 1,
	    .wait = 60,
	    .timeout_ms = 10000,
	    .upstream_max = 4,
	    .guest_domain = TEXT("guest.example.test"),
	    .bosh_service = {.items = url, .count = 1},
	    .bosh_password_query = TEXT(""),
	    .bosh_route = TEXT(""),
	    .bosh_oauth_url = *url,
	    .bosh_oauth_user = TEXT(""),
	    .bosh_oauth_password_file = TEXT(""),
	};
}

/* By a service of its own, with no session as its outcome. */
static enum status log_in(const struct site_conf *conf, bool guest, struct error *err)
{
	struct prebind *prebind = NULL;
	struct chat_session session = {0};
	struct jid asked = {0};

	assert_ok(jid_parse(guest ? "x@guest.example.test" : "alice@example.test", &asked, ERR));
	assert_ok(guest ? prebind_new_guests(conf, NULL, &prebind, ERR)
			: prebind_new(conf, NULL, &prebind, ERR));
	enum status status = prebind_bind(prebind, &asked, PREBIND_NOBODY_WAITS, &session, err);
	assert_null(session.jid);
	prebind_free(prebind);
	jid_clear(&asked);
	return status;
}

/* As a guest, or as a user with a token of ejabberd. */
static void assert_no_session(bool guest, const char *const *answers, const char *says)
{
	struct server server;
	struct error err = {0};
	enum status status;
	char text[64], *url = text;
	int tries = 0;

	do { /* again from the start: on a busy machine a connection may take too long */
		server_start(&server, answers);
		snprintf(text, sizeof(text), "http://127.0.0.1:%d/http-bind", server.port);
		struct site_conf conf = conf_of(&url);
		conf.bosh_auth = BOSH_AUTH_OAUTH;
		status = log_in(&conf, guest, &err);
		server_stop(&server); /* before what may fail: its thread uses what is here */
	} while (strstr(err.text, "no connection within") != NULL && ++tries < 5);
	assert_holds(err.text, says);
	assert_int_equal(status, STATUS_CHAT_SERVER);
}

GROUP(client_start, client_stop)

#define ANSWERS(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST(test_no_session_id)
{
	assert_no_session(true, ANSWERS(BODY "/>"), "created no session for guest.example.test");
}

TEST(test_guest_refused)
{
	assert_no_session(
	    true,
	    ANSWERS(OFFER, BODY "><failure xmlns='" SASL "'><not-authorized/></failure></body>"),
	    "does not admit guests on guest.example.test");
}

TEST(test_challenge_after_the_last_step)
{
	assert_no_session(true, ANSWERS(OFFER, CHALLENGE, CHALLENGE),
			  "a SASL message after the exchange had ended");
}

TEST(test_resource_refused)
{
	assert_no_session(
	    true, ANSWERS(OFFER, SUCCESS, RESTARTED, NO_BIND("bad-request")),
	    "(bad-request): the server does not accept this resource: check the key resource");
	assert_no_session(
	    true, ANSWERS(OFFER, SUCCESS, RESTARTED, NO_BIND("not-allowed")),
	    "(not-allowed): the server does not accept this resource: check the key resource");
	assert_no_session(true, ANSWERS(OFFER, SUCCESS, RESTARTED, NO_BIND("gone")),
			  "(gone): see the server's log");
}

TEST(test_token_that_is_none)
{
	assert_no_session(false, ANSWERS("{\"token\":\"a b\"}"), "has no token");
	assert_no_session(false, ANSWERS("{\"token\":\"\"}"), "has no token");
}

TEST(test_rids)
{
	struct jid asked = {0};
	struct chat_session session = {.jid = strdup("alice@example.test/web"), .sid = "s1"};

	assert_non_null(session.jid);
	assert_ok(jid_parse("alice@example.test/web", &asked, ERR));
	chat_session_set_rid(&session, -1);
	assert_string_equal(session.rid, "");
	chat_session_set_rid(&session, INT64_C(1) << 53);
	assert_string_equal(session.rid, "");
	assert_fails(chat_session_check(&session, &asked, ERR), STATUS_CHAT_SERVER,
		     "a sid or rid that is not valid");
	chat_session_set_rid(&session, 4711);
	assert_string_equal(session.rid, "4711");
	assert_ok(chat_session_check(&session, &asked, ERR));
	chat_session_clear(&session);
	jid_clear(&asked);
}

FIXTURE(fixture_store, fixture_remove)

TEST(test_row_without_a_password)
{
	struct fixture *f = *state;
	const struct jid_map_row row = {.source = TEXT("login"),
					.user = TEXT("al"),
					.localpart = TEXT("alice"),
					.domain = TEXT("example.test")};
	char *url = TEXT("http://127.0.0.1:1/http-bind");
	struct site_conf conf = conf_of(&url);
	struct prebind *prebind = NULL;
	struct chat_session session = {0};
	struct jid asked = {0};

	conf.bosh_auth = BOSH_AUTH_PASSWORD;
	assert_ok(jid_map_set(f->store, &row, ERR));
	assert_ok(jid_parse("alice@example.test", &asked, ERR));
	assert_ok(prebind_new(&conf, f->store, &prebind, ERR));
	assert_fails(prebind_bind(prebind, &asked, PREBIND_NOBODY_WAITS, &session, ERR),
		     STATUS_NO_CHAT_ACCOUNT, "prebindctl map set al alice@example.test");
	prebind_free(prebind);
	jid_clear(&asked);
}
