/*
 * What the readers of foreign texts take: of memory at most 16 times the text's length (or
 * 768 KiB), for the text that costs each of them most; of time no more than grows with the length;
 * and that none says yes when memory runs out.
 */
#include "unit.h"

#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/xml.h"
#include "conf/conf.h"
#include "counted_memory.h"
#include "ctl/csv.h"
#include "identity/django_session.h"
#include "identity/wordpress_config.h"
#include "identity/wordpress_cookie.h"
#include "identity/php_serialize.h"
#include "identity/token_text.h"
#include "web/request.h"
#include "template/template.h"

#define FACTOR        16
#define SITES_FACTOR  12 /* sites share their defaults */
#define LEAST         786432
#define DOCUMENT      65000
#define AMP_NAMESPACE 34000
#define SECRET        "a secret key"

/* A reader of a text: what it has read is given back before it returns. */
typedef enum status reader(const struct strbuf *text, struct error *err);

static void check_within(const char *what, reader *read, struct strbuf *text, size_t most)
{
	struct error err = {0};

	assert_true(strbuf_ok(text));
	counted_start(0);
	read(text, &err);
	size_t peak = counted_stop();
	print_message("%s: %zu bytes take %zu (%s)\n", what, text->len, peak, err.text);
	if (peak > most)
		fail_msg("%s: %zu bytes take %zu, more than %zu", what, text->len, peak, most);
	strbuf_clear(text);
}

static void check_memory(const char *what, reader *read, struct strbuf *text)
{
	check_within(what, read, text, text->len * FACTOR > LEAST ? text->len * FACTOR : LEAST);
}

static size_t document_len = DOCUMENT; /* of what the next functions make */

/* head, piece again and again, tail */
static void repeat(struct strbuf *out, const char *head, const char *piece, const char *tail)
{
	strbuf_init(out);
	strbuf_adds(out, head);
	while (out->len + strlen(piece) + strlen(tail) < document_len)
		strbuf_adds(out, piece);
	strbuf_adds(out, tail);
}

/* As that, with numbers where the piece has %zu. */
static void repeat_numbered(struct strbuf *out, const char *head, const char *before,
			    const char *after, const char *tail)
{
	strbuf_init(out);
	strbuf_adds(out, head);
	for (size_t i = 0; out->len < document_len; i++)
		strbuf_addf(out, "%s%zu%s", before, i, after);
	strbuf_adds(out, tail);
}

/* ---- XML ---- */

static enum status read_xml(const struct strbuf *text, struct error *err)
{
	struct xml_node *root = NULL;
	enum status status = xml_parse(text->data, text->len, NULL, &root, err);

	xml_free(root);
	return status;
}

/* A namespace of half the document, and then elements or attributes that are in it. */
static void namespaced(struct strbuf *out, size_t ns_len, bool elements)
{
	strbuf_init(out);
	strbuf_adds(out, "<c xmlns:p='");
	while (out->len < ns_len)
		strbuf_addc(out, 'u');
	strbuf_adds(out, "'");
	if (elements)
		strbuf_adds(out, ">");
	for (size_t i = 0; out->len < DOCUMENT && i < 4000; i++)
		strbuf_addf(out, elements ? "<p:x%zu/>" : " p:a%zu=''", i);
	strbuf_adds(out, elements ? "</c>" : "/>");
}

/* One long namespace, and 195 elements of 16 attributes each that are in it: 57,074 bytes. */
static void amplify(struct strbuf *out)
{
	strbuf_init(out);
	strbuf_adds(out, "<command xmlns:p='");
	for (size_t i = 0; i < AMP_NAMESPACE; i++)
		strbuf_addc(out, 'u');
	strbuf_adds(out, "'><node>pre-bind-bosh-session</node>");
	for (size_t i = 0; i < 195; i++) {
		strbuf_adds(out, "<p:b");
		for (char c = 'a'; c <= 'p'; c++)
			strbuf_addf(out, " p:%c=''", c);
		strbuf_adds(out, "/>");
	}
	strbuf_adds(out, "</command>");
}

GROUP(unit_secrets, NULL)

TEST(test_xml)
{
	static const size_t lengths[] = {20, 250, 3000, 32000, 56000};
	struct strbuf text;

	for (size_t i = 0; i < COUNT(lengths); i++) {
		namespaced(&text, lengths[i], true);
		check_memory("elements in a namespace", read_xml, &text);
		namespaced(&text, lengths[i], false);
		check_memory("attributes in a namespace", read_xml, &text);
	}
	amplify(&text);
	assert_int_equal(text.len, 57074);
	check_memory("57 KB that were 111 MB", read_xml, &text);
	repeat(&text, "<c>", "<a/>", "</c>");
	check_memory("elements", read_xml, &text);
	repeat(&text, "", "<a>", "");
	check_memory("levels", read_xml, &text);
	repeat_numbered(&text, "<c>", "<p xmlns='", "'/>", "</c>");
	check_memory("namespaces", read_xml, &text);
	repeat_numbered(&text, "<c", " a", "='&lt;'", "/>");
	check_memory("attributes", read_xml, &text);
	repeat(&text, "<c>", "&#65;", "</c>");
	check_memory("entities", read_xml, &text);
	repeat(&text, "<", "n", "/>");
	check_memory("a long name", read_xml, &text);
	repeat(&text, "<c>", "<a b='' c='' d='' e='' f='' g='' h='' i='' j=''/>", "</c>");
	check_memory("elements with attributes", read_xml, &text);
}

/* ---- JSON ---- */

static enum status read_json(const struct strbuf *text, struct error *err)
{
	struct json *root = NULL;
	enum status status = json_parse(text->data, text->len, &root, err);

	json_free(root);
	return status;
}

TEST(test_json)
{
	struct strbuf text;

	repeat(&text, "[1", ",1", "]");
	check_memory("numbers", read_json, &text);
	repeat(&text, "", "[", "");
	check_memory("levels", read_json, &text);
	repeat(&text, "[{}", ",{}", "]");
	check_memory("objects", read_json, &text);
	repeat(&text, "\"", "\\u0041", "\"");
	check_memory("escapes", read_json, &text);
	repeat_numbered(&text, "{\"x\":1", ",\"", "\":\"\"", "}");
	check_memory("members", read_json, &text);
}

/* ---- sessions ---- */

static enum status read_php(const struct strbuf *text, struct error *err)
{
	struct php_session session = {PHP_FORMAT_PHP, text->data, text->len};
	char *value = NULL;
	enum status status = php_session_get(&session, "user.name", &value, err);

	free(value);
	return status;
}

static enum status read_php_binary(const struct strbuf *text, struct error *err)
{
	struct php_session session = {PHP_FORMAT_BINARY, text->data, text->len};
	char *value = NULL;
	enum status status = php_session_get(&session, "user.name", &value, err);

	free(value);
	return status;
}

TEST(test_php)
{
	struct strbuf text;

	repeat(&text, "", "a|N;", "");
	check_memory("variables", read_php, &text);
	repeat_numbered(&text, "user|a:9000:{", "i:", ";N;", "}");
	check_memory("elements", read_php, &text);
	repeat(&text, "a|", "a:1:{i:0;", "");
	check_memory("levels", read_php, &text);
	repeat(&text, "user|a:1:{s:4:\"name\";s:64000:\"", "x", "");
	check_memory("a text", read_php, &text);
	repeat(&text, "o|O:1:\"A\":0:{}", "r|r:1;", "");
	check_memory("references", read_php, &text);
	for (size_t n = 1000; n < 90000; n += n / 7) {
		strbuf_init(&text);
		for (size_t i = 0; i < n; i++)
			strbuf_add(&text, "\0N;", 3);
		check_memory("short variables", read_php_binary, &text);
	}
}

static const struct django_keys django_keys = {.items = {(char *)SECRET}, .count = 1};

static enum status read_django(const struct strbuf *text, struct error *err)
{
	struct django_session session = {0};
	enum status status = django_session_read(text->data, &django_keys, &session, err);

	django_session_clear(&session);
	return status;
}

static void sign_django(struct strbuf *out, const struct strbuf *payload, bool with_no_key)
{
	static const char salt[] = "django.contrib.sessions.SessionStoresigner" SECRET;
	unsigned char key[SECRET_SHA256_LEN];
	unsigned char mac[SECRET_SHA256_LEN];

	strbuf_init(out);
	codec_base64url(out, (const unsigned char *)payload->data, payload->len);
	strbuf_adds(out, ":1xV93B");
	secret_sha256(key, salt, with_no_key ? 0 : strlen(salt));
	secret_hmac(mac, key, &(struct secret_part){out->data, out->len}, 1);
	strbuf_addc(out, ':');
	codec_base64url(out, mac, sizeof(mac));
}

TEST(test_django)
{
	struct strbuf payload, text;

	strbuf_init(&payload);
	strbuf_adds(&payload, "{\"_auth_user_id\":\"1\",\"_auth_user_hash\":\"x\",\"a\":[1");
	while (payload.len < 48000)
		strbuf_adds(&payload, payload.len < 3000 ? ",1" : "                ");
	strbuf_adds(&payload, "]}");
	sign_django(&text, &payload, false);
	assert_ok(read_django(&text, ERR));
	check_memory("a session", read_django, &text);
	strbuf_clear(&payload);
}

/* As Django packs it: compressed, and a dot before. Unpacked it has len bytes. */
static void sign_packed(struct strbuf *out, size_t len)
{
	static const char salt[] = "django.contrib.sessions.SessionStoresigner" SECRET;
	static unsigned char packed[65536];
	unsigned char key[SECRET_SHA256_LEN], mac[SECRET_SHA256_LEN];
	uLongf packed_len = sizeof(packed);
	struct strbuf json;

	strbuf_init(&json);
	strbuf_adds(&json, "{\"_auth_user_id\":\"1\",\"_auth_user_hash\":\"x\",\"a\":[1");
	while (json.len < len - 2)
		strbuf_adds(&json, json.len < 3800 ? ",1" : " ");
	strbuf_adds(&json, "]}");
	assert_int_equal(compress(packed, &packed_len, (const Bytef *)json.data, json.len), Z_OK);
	strbuf_clear(&json);
	strbuf_init(out);
	strbuf_addc(out, '.');
	codec_base64url(out, packed, packed_len);
	strbuf_adds(out, ":1xV93B");
	secret_sha256(key, salt, strlen(salt));
	secret_hmac(mac, key, &(struct secret_part){out->data, out->len}, 1);
	strbuf_addc(out, ':');
	codec_base64url(out, mac, sizeof(mac));
}

/* The unpacked size counts: 256 KiB at most, whatever the packed text has. */
TEST(test_packed_django)
{
	static const size_t lengths[] = {DJANGO_UNPACKED_MAX, 20 * DJANGO_UNPACKED_MAX};

	for (size_t i = 0; i < 2; i++) {
		struct error err = {0};
		struct strbuf text;

		sign_packed(&text, lengths[i]);
		counted_start(0);
		enum status status = read_django(&text, &err);
		size_t peak = counted_stop();
		print_message("%zu packed as %zu take %zu (%s)\n", lengths[i], text.len, peak,
			      err.text);
		assert_int_equal(status, i == 0 ? STATUS_OK : STATUS_BAD_REQUEST);
		assert_in_range(peak, 0, (uintmax_t)FACTOR * DJANGO_UNPACKED_MAX);
		strbuf_clear(&text);
	}
}

/* ---- requests, files ---- */

static ssize_t read_nothing(void *io, void *buffer, size_t size)
{
	(void)io;
	(void)buffer;
	(void)size;
	return 0;
}

static enum status read_request(const struct strbuf *text, struct error *err)
{
	char *params[] = {(char *)"REQUEST_METHOD=GET", (char *)"SCRIPT_NAME=/chat", text->data,
			  NULL};
	struct raw_request raw = {.params = params, .read = read_nothing};
	struct request req;
	enum status status = request_read(&raw, &req, err);
	char *value = NULL;

	if (status == STATUS_OK && request_cookie(&req, "a", &value, err) == STATUS_OK)
		free(value);
	request_clear(&req);
	return status;
}

TEST(test_request)
{
	struct strbuf text;

	repeat(&text, "HTTP_COOKIE=", "a=1;", "");
	check_memory("cookies", read_request, &text);
	repeat_numbered(&text, "QUERY_STRING=", "&a", "=%41", "");
	check_memory("fields", read_request, &text);
	repeat(&text, "HTTP_COOKIE=a=", "x", "");
	check_memory("a long cookie", read_request, &text);
}

/* What is accepted costs more than what is refused at once. */
static void check_accepted(const char *what, reader *read, struct strbuf *text)
{
	struct error err = {0};

	if (read(text, &err) != STATUS_OK)
		fail_msg("%s: %s", what, err.text);
	check_memory(what, read, text);
}

TEST(test_accepted_request)
{
	struct strbuf text;

	document_len = sizeof("HTTP_COOKIE=") - 1 + REQUEST_COOKIE_MAX;
	strbuf_init(&text);
	strbuf_adds(&text, "HTTP_COOKIE=");
	for (size_t i = 0; i < REQUEST_COOKIES_MAX; i++)
		strbuf_adds(&text, "a=1;");
	while (text.len < document_len)
		strbuf_addc(&text, ' ');
	check_accepted("as many cookies as may be", read_request, &text);
	document_len = DOCUMENT;
	strbuf_init(&text);
	strbuf_adds(&text, "QUERY_STRING=");
	for (size_t i = 0; i < REQUEST_FIELDS_MAX; i++)
		strbuf_addf(&text, "&a%zu=%%41", i);
	while (text.len < sizeof("QUERY_STRING=") - 1 + REQUEST_QUERY_MAX)
		strbuf_addc(&text, '&');
	check_accepted("as many fields as may be", read_request, &text);
}

struct text_left {
	const struct strbuf *text;
	size_t at;
};

static ssize_t read_left(void *io, void *buffer, size_t size)
{
	struct text_left *left = io;
	size_t n = left->text->len - left->at;

	n = n < size ? n : size;
	memcpy(buffer, left->text->data + left->at, n);
	left->at += n;
	return (ssize_t)n;
}

static enum status read_form(const struct strbuf *text, struct error *err)
{
	char *params[] = {(char *)"REQUEST_METHOD=POST", (char *)"SCRIPT_NAME=/chat",
			  (char *)"CONTENT_TYPE=application/x-www-form-urlencoded", NULL};
	struct text_left left = {.text = text};
	struct raw_request raw = {.params = params, .read = read_left, .io = &left};
	struct request req;
	enum status status = request_read(&raw, &req, err);

	if (status == STATUS_OK)
		status = request_body_read(&raw, DOCUMENT + 16, &req, err);
	request_clear(&req);
	return status;
}

TEST(test_form)
{
	struct strbuf text;

	repeat(&text, "a=", "%41", "");
	check_accepted("a long field", read_form, &text);
	strbuf_init(&text);
	while (text.len < DOCUMENT)
		strbuf_adds(&text, text.len < 16 ? "a&" : "&");
	check_accepted("short fields", read_form, &text);
}

static enum status read_csv(const struct strbuf *text, struct error *err)
{
	FILE *in = fmemopen(text->data, text->len, "r");
	enum status status = STATUS_OK;
	struct csv csv;

	if (in == NULL)
		return error_no_memory(err);
	csv_init(&csv, in);
	while (status == STATUS_OK)
		status = csv_next(&csv, err);
	csv_clear(&csv);
	fclose(in);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

TEST(test_csv)
{
	struct strbuf text;

	repeat(&text, "", "a,b\n", "");
	check_accepted("records", read_csv, &text);
	repeat(&text, "", "\n", "a");
	check_accepted("empty lines", read_csv, &text);
	repeat(&text, "", ",,,,,,,,,,,,,,,\n", "");
	check_accepted("fields of a file", read_csv, &text);
	repeat(&text, "\"", "\"\"", "\"");
	check_memory("one field", read_csv, &text);
}

/* The page is the text; a partial is x, of one line. */
static enum status read_template(const struct strbuf *text, struct error *err)
{
	static const char *const names[] = {"a", NULL};
	const struct template_page page = {.file = "page.html", .names = names};
	struct template_set *set = NULL;

	unit_folder_make(NULL);
	unit_write_bytes("page.html", text->data, text->len);
	enum status status = template_set_load(unit_folder(), &page, 1, &set, err);
	template_set_free(set);
	unit_folder_remove(NULL);
	return status;
}

TEST(test_template)
{
	struct strbuf text;

	repeat(&text, "", "a{{!}}", "");
	check_accepted("texts of a page", read_template, &text);
	document_len = 2047 * strlen("b{{a}}");
	repeat(&text, "", "b{{a}}", "");
	check_accepted("as many tags as may be", read_template, &text);
	document_len = DOCUMENT;
	repeat(&text, "", "b{{a}}", "");
	check_memory("tags", read_template, &text);
	repeat(&text, "", "{{#a}}{{/a}}", "");
	check_memory("sections", read_template, &text);
}

static enum status read_conf(const struct strbuf *text, struct error *err)
{
	struct conf *conf = NULL;

	unit_folder_make(NULL);
	const char *path = unit_write_bytes("prebind.conf", text->data, text->len);
	enum status status = conf_load(path, &conf, err);
	conf_free(conf);
	unit_folder_remove(NULL);
	return status;
}

/* Sites that set little: most of what each of them has is defaults. */
static void many_sites(struct strbuf *out, size_t len)
{
	strbuf_init(out);
	for (size_t i = 0; out->len < len; i++)
		strbuf_addf(out,
			    "[site a%zu]\nhosts = a%zu.example\ndatabase = /a%zu\njid = "
			    "{user}@example.org\n"
			    "tigase_url = http://127.0.0.1:8080/rest/adhoc/bosh@example.org\n"
			    "tigase_user = admin@example.org\ntigase_password_file = /a\n",
			    i, i, i);
}

TEST(test_conf)
{
	struct strbuf text;

	repeat_numbered(&text, "", "[site a", ".example.org]\n", "");
	check_memory("sites", read_conf, &text);
	repeat(&text, "", "a=1\n", "");
	check_memory("unknown keys", read_conf, &text);
	repeat(&text, "token_origins =", " https://a.example", "\n");
	check_memory("a list", read_conf, &text);
	for (size_t len = DOCUMENT; len < 20 * DOCUMENT; len += len / 3) {
		struct error err = {0};
		many_sites(&text, len);
		if (read_conf(&text, &err) != STATUS_OK)
			fail_msg("sites that are taken: %s", err.text);
		check_within("sites that are taken", read_conf, &text, text.len * SITES_FACTOR);
	}
	repeat(&text, "[server]\n", "; a\n", "");
	check_memory("comments", read_conf, &text);
}

/* ---- time ---- */

static double seconds_of(reader *read, const struct strbuf *text)
{
	double least = 1e9;

	for (int i = 0; i < 7; i++) {
		struct timespec begin, end;
		struct error err = {0};

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
		read(text, &err);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
		double took = (double)(end.tv_sec - begin.tv_sec) +
			      (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
		least = took < least ? took : least;
	}
	return least;
}

struct growing {
	const char *what;
	reader *read;
	const char *head, *before, *after, *tail;
	size_t len; /* of the shorter text */
};

/* Four times the text takes four times as long, and not sixteen times. */
static void check_growth(const struct growing *row)
{
	struct strbuf text;
	double took[2];

	document_len = row->len;
	for (size_t i = 0; i < 2; i++) {
		repeat_numbered(&text, row->head, row->before, row->after, row->tail);
		took[i] = seconds_of(row->read, &text);
		strbuf_clear(&text);
		document_len *= 4;
	}
	document_len = DOCUMENT;
	print_message("%s: %.0f us, then %.0f us\n", row->what, took[0] * 1e6, took[1] * 1e6);
	if (took[1] > 200e-6 && took[1] > 10 * took[0])
		fail_msg("%s: %.6f s became %.6f s with four times the text", row->what, took[0],
			 took[1]);
}

TEST(test_growth)
{
	static const struct growing rows[] = {
	    {"JSON, members",            read_json,     "{\"x\":1",      ",\"aaaaaaaaaaaaaaaa", "\":1",  "}",    11000},
	    {"JSON, a text",             read_json,     "\"",            "\\u0041",             "",      "\"",   64000},
	    {"XML, namespaces",          read_xml,      "<c>",           "<p xmlns='",          "'/>",   "</c>", 280  },
	    {"XML, a text",              read_xml,      "<c>",           "&lt;",                "",      "</c>", 16000},
	    {"PHP, variables",           read_php,      "",              "a",                   "|N;",   "",     64000},
	    {"PHP, elements",            read_php,      "user|a:9999:{", "i:",                  ";N;",   "}",    64000},
	    {"a field of a form",        read_form,     "a=",            "%41",                 "",      "",     16000},
	    {"records of CSV",           read_csv,      "",              "a",                   ",b\n",  "",     64000},
	    {"lines of a configuration", read_conf,     "[server]\n",    "; ",                  "\n",    "",     64000},
	    {"texts of a template",      read_template, "",              "a",                   "{{!}}", "",     50000},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		check_growth(&rows[i]);
}

/* ---- tokens ---- */

static struct token_keys token_keys = {
    .items = {{.kid = "k", .secret = "0123456789abcdef0123456789abcdef", .secret_len = 32}},
    .count = 1,
};

static enum status read_token(const struct strbuf *text, struct error *err)
{
	const struct token_rules rules = {TOKEN_FORMAT_JWT, &token_keys, "a", ""};
	struct token token = {0};
	enum status status = token_check(&rules, text->data, 1000, &token, err);

	token_clear(&token);
	return status;
}

static void make_token(struct strbuf *out)
{
	const struct token_rules rules = {TOKEN_FORMAT_JWT, &token_keys, "a", ""};
	const struct token_request what = {.user = "alice", .now = 1000, .life_s = 60};

	strbuf_init(out);
	assert_ok(token_make(&rules, &what, out, ERR));
}

TEST(test_token)
{
	struct strbuf text;

	make_token(&text);
	check_memory("a token", read_token, &text);
	repeat(&text, "a.", "W10", ".a");
	check_memory("a long token", read_token, &text);
}

/* ---- no memory ---- */

/*
 * Each call for memory fails in its turn. What is bad must stay bad; of what is good nobody may
 * hear that it is bad, for that is a visitor's cookie that is deleted.
 */
static void check_without_memory(const char *what, reader *read, struct strbuf *text,
				 enum status wanted)
{
	size_t calls = SIZE_MAX;

	for (size_t n = 1; n <= calls; n++) {
		struct error err = {0};

		counted_start(n);
		enum status status = read(text, &err);
		counted_stop();
		calls = counted.calls < n ? 0 : calls;
		if (status == STATUS_OK && wanted != STATUS_OK)
			fail_msg("%s: it is taken, with call %zu for memory failing", what, n);
		if (status != wanted && status != STATUS_INTERNAL && wanted == STATUS_OK)
			fail_msg("%s: it is refused (%s), with call %zu for memory failing", what,
				 err.text, n);
		if (calls == 0)
			assert_int_equal(status, wanted);
	}
	strbuf_clear(text);
}

/* A row of tests/unit/wordpress_cookies.tsv, and its key. */
static const char wordpress_cookie[] =
    "alice%7C1900000000%7CiT09d9LDxiQU7mSCCeAsxXSggGdPjl2ZmplyDBCG01l%7Cb7f"
    "8b88c7eb01c6eda8cbbcc4b35b4d55855f933067b2687cfa17060f2ac5a95";
static const char wordpress_sessions[] =
    "a:1:{s:64:\"d6afbb0e438ca262f31a047f1340318f8e07dbe731026b84d926312d21"
    "5655be\";a:4:{s:10:\"expiration\";i:1900000000;s:2:\"ip\";s:9:\"192.0."
    "2.7\";s:2:\"ua\";s:37:\"Mozilla/5.0 (X11; \"Ünïx\" | ; a:1:{)\";s:5:\""
    "login\";i:1795972386;}}";
static const char wordpress_key[] =
    "+XSqHc;@Q*K_b|Z?NC[3H!!EONbh.n<+=uKR:>*c(u`g~EJBf#8u#R{mUEZrozmmh`GXHh"
    "D>SLWVfg1(1(N{;.V!MoE(SfbA_ksP@&`+AycHcAV$+?@3q+rxV{%^VyKT";

static enum status read_wordpress(const struct strbuf *text, struct error *err)
{
	const struct wordpress_user user = {"$P$BDSdKx2nglM.5UErwjQGeVtVWvjEvD1",
					    wordpress_sessions};
	struct wordpress_cookie cookie = {0};
	enum status status = wordpress_cookie_read(text->data, &cookie, err);

	if (status == STATUS_OK)
		status = wordpress_cookie_check(&cookie, wordpress_key, &user, 0, err);
	wordpress_cookie_clear(&cookie);
	return status;
}

static enum status read_wordpress_config(const struct strbuf *text, struct error *err)
{
	struct wordpress_config config = {0};
	enum status status = wordpress_config_read(text->data, &config, err);

	wordpress_config_clear(&config);
	return status;
}

/* The text is the partial of a page that indents it. */
static enum status read_partial(const struct strbuf *text, struct error *err)
{
	static const char *const names[] = {"a", NULL};
	const struct template_page page = {.file = "page.html", .names = names};
	struct template_set *set = NULL;
	bool on = counted.on;

	counted.on = false;
	unit_folder_make(NULL);
	unit_write_bytes("page.html", "  {{>part}}\n", 12);
	assert_int_equal(mkdir(unit_path("partials"), 0700), 0);
	unit_write_bytes("partials/part.html", text->data, text->len);
	counted.on = on;
	enum status status = template_set_load(unit_folder(), &page, 1, &set, err);
	counted.on = false;
	template_set_free(set);
	unit_folder_remove(NULL);
	return status;
}

static enum status make_token_again(const struct strbuf *text, struct error *err)
{
	const struct token_rules rules = {TOKEN_FORMAT_JWT, &token_keys, "a", ""};
	const struct token_request what = {.user = text->data, .now = 1000, .life_s = 60};
	struct strbuf out;

	strbuf_init(&out);
	enum status status = token_make(&rules, &what, &out, err);
	counted.on = false;
	if (status == STATUS_OK)
		assert_ok(read_token(&out, err));
	strbuf_clear(&out);
	return status;
}

TEST(test_no_memory)
{
	struct strbuf payload, text;

	strbuf_init(&payload);
	strbuf_adds(&payload, "{\"_auth_user_id\":\"1\",\"_auth_user_hash\":\"x\"}");
	sign_django(&text, &payload, true);
	check_without_memory("signed with the digest of nothing", read_django, &text,
			     STATUS_BAD_REQUEST);
	sign_django(&text, &payload, false);
	check_without_memory("signed with the key", read_django, &text, STATUS_OK);
	strbuf_clear(&payload);
	make_token(&text);
	check_without_memory("a token", read_token, &text, STATUS_OK);
	strbuf_init(&text);
	strbuf_adds(&text, "alice");
	check_without_memory("making a token", make_token_again, &text, STATUS_OK);
	strbuf_init(&text);
	strbuf_adds(&text, "a|i:1;user|a:1:{s:4:\"name\";s:1:\"x\";}");
	check_without_memory("a session of PHP", read_php, &text, STATUS_OK);
	strbuf_init(&text);
	strbuf_adds(&text, wordpress_cookie);
	assert_ok(read_wordpress(&text, ERR)); /* starts libcrypto, which needs memory for itself */
	check_without_memory("a cookie of WordPress", read_wordpress, &text, STATUS_OK);
	strbuf_init(&text);
	strbuf_adds(&text, "<?php define('LOGGED_IN_KEY', 'k'); $table_prefix = 'wp_';");
	check_without_memory("wp-config.php", read_wordpress_config, &text, STATUS_OK);
	strbuf_init(&text);
	strbuf_adds(&text, "<a xmlns='u' b='1'><c d='2'>e</c></a>");
	check_without_memory("XML", read_xml, &text, STATUS_OK);
	repeat(&text, "a,b\n\"", "c", "\"\n");
	text.data[16000] = '"';
	text.data[16001] = '\n';
	text.data[text.len = 16002] = '\0';
	check_without_memory("a long record", read_csv, &text, STATUS_OK);
	repeat(&text, "", "x\n", "");
	check_without_memory("a partial", read_partial, &text, STATUS_OK);
}
