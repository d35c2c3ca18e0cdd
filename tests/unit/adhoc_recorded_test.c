/*
 * Every recorded answer of Tigase's (tests/peers/tigase), replayed: the session in it, to the byte,
 * or the sentence it gets. A recording without a row fails, and so does an empty folder. Run it
 * from the project's root.
 */
#include <dirent.h>
#include <strings.h>

#include "unit.h"

#include "base/strbuf.h"
#include "xmpp/adhoc_bind.h"
#include "xmpp/tigase_error.h"

#define FOLDER "tests/peers/tigase"

/* ---- what is expected ---- */

#define JSON ADHOC_JSON
#define XML  ADHOC_XML

#define NO_ANSWER     "" /* not a byte came back */
#define HTTP_401      "HTTP 401: wrong credentials"
#define HTTP_403      "HTTP 403: the API key"
#define HTTP_404      "HTTP 404: the component or command does not exist"
#define HTTP_405      "HTTP 405: no component accepts commands"
#define HTTP_500      "HTTP 500: Tigase could not read the request"
#define HTTP_504      "HTTP 504: the component did not answer"
#define A_LIST        "this is a list of commands"
#define OTHER_COMMAND "another command (\"api-key-add\")"
#define REFUSED       "refuses the session (\"Domain of the JID doesn't exists\")"
#define EMPTY_FORM    "returned the command's empty form"
#define INVALID_JID                                                                                \
	"regards the JID as invalid and made no session (\"Script finished with no errors but "    \
	"returned no results.\")"
#define NO_ACCOUNT    "a JID that is not valid: \"example.test/"
#define TOO_LONG      "the resource is longer than 1023 bytes"
#define BROKEN_STREAM "break Tigase's streams"

/* clang-format off */
static const struct recording {
	enum adhoc_format format; /* of the answer */
	const char *name;
	const char *from, *sid;
	int64_t rid;
	const char *why; /* NULL: a session, on the node "localhost" */
} recordings[] = {
    {XML, "001-get-list-commands", .why = A_LIST},
    {JSON, "002-get-list-json", .why = A_LIST},
    {XML, "010-xml-full-jid", "alice@example.test/web1",
     "28b777e2-276f-410f-8ccc-3ec435582b67", 6062471, NULL},
    {XML, "011-xml-bare-jid", "alice@example.test/31fa8a1f-9148-4691-8edf-2d866c60096c",
     "88df6808-c551-4d30-aea5-81a004b5bc98", 1707484, NULL},
    {XML, "012-xml-ct-application-xml", "alice@example.test/web1",
     "7269b053-ab42-4416-8d1a-02dfe369792e", 6779861, NULL},
    {XML, "013-xml-ct-charset", "alice@example.test/web1",
     "ad7b7688-6826-42e5-ab13-3aecce3879a2", 451892, NULL},
    {XML, "014-xml-no-hold-wait", "alice@example.test/web1",
     "fb0aeb47-dd84-4d71-9556-193fc9ba7943", 8318330, NULL},
    {XML, "015-xml-with-declaration", "alice@example.test/decl",
     "44119d08-8838-4f0d-aac9-7339bfb70109", 9627664, NULL},
    {XML, "016-xml-utf8-resource", "alice@example.test/Zoë-日本",
     "74433d4a-bd81-4401-9cec-bff15e011299", 4245096, NULL},
    {XML, "017-xml-utf8-resource-no-charset", "alice@example.test/Zoë-日本",
     "bb5025e2-b910-46a2-86d5-2234e71fef26", 7520052, NULL},
    {XML, "018-xml-entities-in-resource", .why = BROKEN_STREAM},
    {XML, "019-xml-uppercase-jid", "ALICE@EXAMPLE.TEST/Web1",
     "fd71334c-ca9b-4dee-be0b-d4a6f4088f73", 2041868, NULL},
    {JSON, "020-json-full-jid", "alice@example.test/web1",
     "bfcd28f4-24c8-4378-8d23-af11354dff74", 791632, NULL},
    {JSON, "021-json-bare-jid", "alice@example.test/cb9cf703-2670-441e-80b9-a9ba6c3311d9",
     "7249f559-bc09-408b-a8d6-64e0af020131", 7411361, NULL},
    {JSON, "022-json-ct-charset", "alice@example.test/web1",
     "864569ef-fd90-4499-9549-818dcba5f0b8", 5659047, NULL},
    {XML, "023-json-ct-text-json", "alice@example.test/web1",
     "424442b8-7ef1-4b1c-805c-af402aa6f1e8", 2647056, NULL},
    {XML, "024-json-seed-typo", .why = HTTP_500},
    {XML, "025-json-number-values", .why = HTTP_500},
    {JSON, "026-json-array-value", "alice@example.test/web1",
     "7234509a-9da0-40dd-a68a-7bd74928fe6f", 7718516, NULL},
    {XML, "027-json-fields-object", .why = HTTP_500},
    {XML, "028-json-fields-item-object", .why = HTTP_500},
    {XML, "029-json-truncated", .why = HTTP_500},
    {XML, "030-json-no-command-key", .why = HTTP_500},
    {XML, "031-json-array-top", .why = HTTP_404},
    {JSON, "032-json-missing-from", .why = EMPTY_FORM},
    {JSON, "033-json-unknown-domain", .why = REFUSED},
    {XML, "034-json-unknown-node", .why = HTTP_404},
    {XML, "035-json-body-labelled-xml", .why = HTTP_500},
    {XML, "036-xml-body-labelled-json", .why = HTTP_500},
    {XML, "040-auth-none", .why = HTTP_401},
    {XML, "041-auth-wrong-password", .why = HTTP_401},
    {XML, "042-auth-unknown-user", .why = HTTP_401},
    {XML, "043-auth-user-without-domain", .why = HTTP_401},
    {XML, "044-auth-percent-encoded-user", .why = HTTP_401},
    {XML, "045-auth-non-admin", .why = HTTP_404},
    {XML, "046-auth-full-jid", "alice@example.test/web1",
     "d5a8c9c9-bbf3-4a5e-9aab-5ebf6ad65e0e", 2600800, NULL},
    {XML, "047-auth-no-colon", .why = HTTP_500},
    {XML, "048-auth-bad-base64", .why = HTTP_500},
    {XML, "049-auth-bearer", .why = HTTP_401},
    {XML, "050-xml-unknown-domain", .why = REFUSED},
    {XML, "051-xml-unknown-user", "nosuchuser@example.test/web1",
     "39703b63-4408-4a71-8e8d-f1ccc852cdb0", 5197779, NULL},
    {XML, "052-xml-missing-from", .why = EMPTY_FORM},
    {XML, "053-xml-empty-from", .why = EMPTY_FORM},
    {XML, "054-xml-no-fields", .why = EMPTY_FORM},
    {XML, "055-xml-empty-fields", .why = EMPTY_FORM},
    {XML, "056-xml-from-no-value", .why = EMPTY_FORM},
    {XML, "057-xml-no-node", .why = HTTP_404},
    {XML, "058-xml-unknown-node", .why = HTTP_404},
    {XML, "059-xml-malformed", .why = HTTP_500},
    {XML, "060-xml-wrong-root", .why = HTTP_500},
    {XML, "061-xml-empty-command", .why = HTTP_500},
    {XML, "062-xml-doctype-entity", .why = HTTP_500},
    {XML, "063-xml-multi-value-from", "alice@example.test/m1",
     "d8071c5f-0acd-4035-a05b-f2f4b14aa477", 8200721, NULL},
    {XML, "064-xml-duplicate-from", "alice@example.test/d1",
     "71b9b7b2-4a0c-4230-b0b7-70a976ad17ab", 3876511, NULL},
    {XML, "065-xml-injection-in-value", .why = BROKEN_STREAM},
    {XML, "066-no-content-type", .why = HTTP_500},
    {XML, "067-ct-form", .why = HTTP_500},
    {XML, "068-ct-text-plain", .why = HTTP_500},
    {XML, "069-empty-body", .why = HTTP_500},
    {XML, "070-chunked-request", .why = HTTP_500},
    {XML, "071-http10", "alice@example.test/web1",
     "733fd645-8ede-493d-ac4d-aa90804f33b2", 7895208, NULL},
    {XML, "080-hold0-wait0", "alice@example.test/hw",
     "a8c75b86-2890-4691-a8bb-bcfa763ee060", 8211751, NULL},
    {XML, "081-hold-1-wait-1", "alice@example.test/hw",
     "9ada3d4b-7a50-4b05-a4c5-6280dd1641a1", 6187155, NULL},
    {XML, "082-hold9999-wait9999", "alice@example.test/hw",
     "efbdfbf4-4333-44f2-bdfd-f26d296943d6", 4068134, NULL},
    {XML, "083-hold-abc-wait-abc", "alice@example.test/hw",
     "411df8f7-a7a7-4e78-8636-e60c8761cf3b", 6584225, NULL},
    {XML, "084-hold-empty-wait-empty", "alice@example.test/hw",
     "f8cfbf8e-4220-4201-a7b7-fcdc0a91a24a", 5931690, NULL},
    {XML, "085-hold1-wait10", "alice@example.test/hw",
     "aa3a0f44-694e-44a9-9823-9baca4a924a6", 5732304, NULL},
    {XML, "086-hold-wait-overflow", "alice@example.test/hw",
     "5f14a42e-723d-4e90-b9fa-1a1d2bb6c3ea", 3920078, NULL},
    {XML, "090-badjid-at-at", .why = INVALID_JID},
    {XML, "091-badjid-space-in-local", .why = INVALID_JID},
    {XML, "092-domain-only-jid", .why = NO_ACCOUNT},
    {XML, "093-domain-resource-jid", .why = NO_ACCOUNT},
    {XML, "094-jid-with-surrounding-spaces", .why = INVALID_JID},
    {XML, "095-resource-1100-bytes", .why = TOO_LONG},
    {XML, "100-unknown-component-local", .why = HTTP_404},
    {XML, "101-unknown-component-domain", .why = HTTP_404},
    {XML, "102-domain-only-target-long", .why = HTTP_504},
    {XML, "102-domain-only-target", .why = NO_ANSWER},
    {XML, "103-component-subdomain", .why = HTTP_404},
    {XML, "104-other-component-long", .why = HTTP_504},
    {XML, "104-other-component", .why = NO_ANSWER},
    {XML, "105-path-percent-encoded", "alice@example.test/web1",
     "b8f7db7e-89bc-44ac-8a4d-03c030f964b9", 4781455, NULL},
    {XML, "106-path-trailing-slash", .why = HTTP_404},
    {XML, "107-path-double-slash", .why = HTTP_404},
    {XML, "108-wrong-path", .why = HTTP_404},
    {XML, "109-wrong-context", .why = HTTP_405},
    {XML, "110-method-put", .why = HTTP_404},
    {XML, "111-method-delete", .why = HTTP_404},
    {XML, "112-method-head", .why = HTTP_404},
    {XML, "113-method-options", .why = HTTP_404},
    {XML, "114-type-param-json", "alice@example.test/web1",
     "1838b8a6-22d9-41df-b97e-c045deda8a06", 4539876, NULL},
    {XML, "115-expect-100", "alice@example.test/web1",
     "296ddc73-be4d-4fa6-9ba5-0b5e8e3dbe1c", 2443013, NULL},
    {XML, "116-connection-close", "alice@example.test/web1",
     "34d70dff-f739-47d9-bc56-4b9b5712b951", 762607, NULL},
    {XML, "117-keepalive-idle", .why = A_LIST},
    {XML, "130-apikey-module-commands", .why = A_LIST},
    {XML, "131-apikey-add-form", .why = OTHER_COMMAND},
    {XML, "140-apikey-missing", .why = HTTP_403},
    {XML, "141-apikey-query-ok", "alice@example.test/web1",
     "1470a2e7-c7df-4a29-8103-ab6f4dc84cb6", 2535104, NULL},
    {XML, "142-apikey-header-ok", "alice@example.test/web1",
     "76cba79c-d5c6-4db0-b9fe-5292fd2c2c00", 2771114, NULL},
    {XML, "143-apikey-wrong", .why = HTTP_403},
    {XML, "144-apikey-ok-no-basic", .why = HTTP_401},
    {XML, "145-apikey-ok-wrong-password", .why = HTTP_401},
    {XML, "146-apikey-regex-ok", "alice@example.test/web1",
     "364d003b-37d7-41c8-96fb-ef3ff4028cc6", 8612444, NULL},
    {XML, "147-apikey-regex-mismatch", .why = HTTP_403},
    {XML, "148-apikey-domain-mismatch", .why = HTTP_403},
    {XML, "149-apikey-domain-ok", .why = HTTP_403},
    {XML, "150-apikey-path-encoded", .why = HTTP_403},
    {XML, "151-apikey-missing-wrong-password", .why = HTTP_403},
    {XML, "152-apikey-twice", .why = HTTP_403},
    {XML, "153-apikey-encoded-value", "alice@example.test/web1",
     "7a7e425c-cdcc-4945-a9af-ad1746a895fe", 3754127, NULL},
};
/* clang-format on */

static const struct recording *recording_find(const char *name)
{
	for (size_t i = 0; i < COUNT(recordings); i++)
		if (strcmp(recordings[i].name, name) == 0)
			return &recordings[i];
	return NULL;
}

/* ---- HTTP, as far as the recordings need it ---- */

struct http {
	int status; /* 0: no answer */
	char content_type[100];
	struct strbuf body;
};

static void file_read(const char *path, struct strbuf *out)
{
	FILE *file = fopen(path, "rb");
	char buffer[4096];
	size_t n;

	if (file == NULL)
		fail_msg("cannot open %s", path);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		strbuf_add(out, buffer, n);
	fclose(file);
	assert_true(strbuf_ok(out));
}

/* RFC 9112, 7.1 */
static void chunks_read(const char *text, struct strbuf *out)
{
	for (;;) {
		char *end;
		size_t n = strtoul(text, &end, 16);

		assert_true(end > text && strncmp(end, "\r\n", 2) == 0);
		text = end + 2;
		if (n == 0)
			return;
		assert_true(strlen(text) >= n + 2);
		strbuf_add(out, text, n);
		text += n + 2;
	}
}

/* One header line; true if it says that the body is chunked. */
static bool header_read(const char *line, struct http *out)
{
	if (strncasecmp(line, "Content-type: ", 14) == 0)
		snprintf(out->content_type, sizeof(out->content_type), "%.*s",
			 (int)strcspn(line + 14, "\r"), line + 14);
	return strncasecmp(line, "Transfer-encoding: chunked", 26) == 0;
}

static void http_read(const char *text, struct http *out)
{
	bool chunked = false;

	*out = (struct http){0};
	strbuf_init(&out->body);
	if (text[0] == '\0')
		return;
	assert_int_equal(strncmp(text, "HTTP/1.", 7), 0);
	out->status = atoi(text + 9);
	for (text = strstr(text, "\r\n") + 2; strncmp(text, "\r\n", 2) != 0;
	     text = strstr(text, "\r\n") + 2)
		chunked = header_read(text, out) || chunked;
	text += 2;
	if (out->status == 100)
		http_read(text, out);
	else if (chunked)
		chunks_read(text, &out->body);
	else
		strbuf_adds(&out->body, text);
}

/* ---- the replay ---- */

static void expect_session(const struct recording *row, const struct adhoc_answer *answer)
{
	struct adhoc_session session = {0};
	struct error err = {0};

	if (adhoc_bind_read(row->format, answer, &session, &err) != STATUS_OK)
		fail_msg("%s: %s", row->name, err.text);
	assert_string_equal(session.from, row->from);
	assert_string_equal(session.sid, row->sid);
	assert_int_equal(session.rid, row->rid);
	assert_string_equal(session.hostname, "localhost");
	adhoc_session_clear(&session);
}

static void expect_refusal(const struct recording *row, const struct http *http,
			   const struct adhoc_answer *answer)
{
	struct adhoc_session session = {0};
	struct error err = {0};
	enum status status;

	if (http->status == 200)
		status = adhoc_bind_read(row->format, answer, &session, &err);
	else
		status = tigase_http_error(http->status, &err);
	if (status != (http->status == 504 ? STATUS_CHAT_TIMEOUT : STATUS_CHAT_SERVER) ||
	    err.status != status || strstr(err.text, row->why) == NULL)
		fail_msg("%s: status %d, \"%s\"", row->name, status, err.text);
	assert_null(session.from);
	assert_string_equal(session.sid, "");
}

/* The same answer read in the other format is never a session. */
static void expect_other_format(const struct recording *row, const struct adhoc_answer *answer)
{
	const enum adhoc_format other = row->format == JSON ? XML : JSON;
	struct adhoc_answer relabelled = *answer;
	struct adhoc_session session = {0};

	assert_status(adhoc_bind_read(other, answer, &session, NULL), STATUS_CHAT_SERVER);
	relabelled.content_type = adhoc_content_type(other);
	assert_status(adhoc_bind_read(other, &relabelled, &session, NULL), STATUS_CHAT_SERVER);
}

static void replay(const struct recording *row, const char *path)
{
	struct strbuf raw;
	struct http http;
	struct adhoc_answer answer;

	strbuf_init(&raw);
	file_read(path, &raw);
	http_read(raw.data, &http);
	answer = (struct adhoc_answer){
	    .data = http.body.data,
	    .len = http.body.len,
	    .content_type = http.content_type[0] != '\0' ? http.content_type : NULL,
	};
	if (http.status == 0) {
		assert_string_equal(row->why, NO_ANSWER);
	} else if (row->why != NULL) {
		assert_true(row->why[0] != '\0');
		expect_refusal(row, &http, &answer);
	} else {
		assert_int_equal(http.status, 200);
		expect_session(row, &answer);
	}
	if (http.status == 200)
		expect_other_format(row, &answer);
	strbuf_clear(&http.body);
	strbuf_clear(&raw);
}

TEST(test_replay)
{
	DIR *folder = opendir(FOLDER);
	size_t n = 0;

	if (folder == NULL)
		fail_msg("no folder " FOLDER ": run the test from the project's root");
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		const char *dot = strrchr(entry->d_name, '.');
		const struct recording *row;
		char name[100], path[300];

		if (dot == NULL || strcmp(dot, ".resp") != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(dot - entry->d_name), entry->d_name);
		snprintf(path, sizeof(path), FOLDER "/%s", entry->d_name);
		row = recording_find(name);
		if (row == NULL)
			fail_msg("%s: nothing is expected of it; add a row", path);
		replay(row, path);
		n++;
	}
	closedir(folder);
	assert_true(n > 0);
	assert_int_equal(n, COUNT(recordings));
}

/* The answer of a recording, cleared with strbuf_clear; raw holds its head. */
static struct http recorded(const char *name, struct strbuf *raw)
{
	char path[300];
	struct http http;

	strbuf_init(raw);
	snprintf(path, sizeof(path), FOLDER "/%s.resp", name);
	file_read(path, raw);
	http_read(raw->data, &http);
	return http;
}

TEST(test_lists)
{
	static const struct {
		const char *name;
		enum adhoc_format format;
		bool has;
	} rows[] = {
	    {"001-get-list-commands",      XML,  true },
            {"002-get-list-json",          JSON, true },
	    {"117-keepalive-idle",         XML,  true },
            {"130-apikey-module-commands", XML,  false},
	    {"010-xml-full-jid",           XML,  false},
            {"020-json-full-jid",          JSON, false},
	    {"001-get-list-commands",      JSON, false},
            {"002-get-list-json",          XML,  false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf raw;
		struct http http = recorded(rows[i].name, &raw);

		assert_int_equal(
		    adhoc_list_has_command(
			rows[i].format, &(struct adhoc_answer){.data = http.body.data,
							       .len = http.body.len,
							       .content_type = http.content_type}),
		    rows[i].has);
		strbuf_clear(&http.body);
		strbuf_clear(&raw);
	}
}

/* Only the empty form shows that the command may be called. */
TEST(test_forms)
{
	static const struct {
		const char *name;
		enum adhoc_format format;
		bool is_form;
	} rows[] = {
	    {"032-json-missing-from",     JSON, true },
            {"052-xml-missing-from",      XML,  true },
	    {"054-xml-no-fields",         XML,  true },
            {"055-xml-empty-fields",      XML,  true },
	    {"020-json-full-jid",         JSON, false},
            {"010-xml-full-jid",          XML,  false},
	    {"033-json-unknown-domain",   JSON, false},
            {"045-auth-non-admin",        XML,  false},
	    {"091-badjid-space-in-local", XML,  false},
            {"131-apikey-add-form",       XML,  false},
	    {"001-get-list-commands",     XML,  false},
            {"032-json-missing-from",     XML,  false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf raw;
		struct http http = recorded(rows[i].name, &raw);
		struct adhoc_answer answer = {.data = http.body.data,
					      .len = http.body.len,
					      .content_type = http.content_type};

		if (adhoc_answer_is_form(rows[i].format, &answer, ADHOC_NODE) != rows[i].is_form)
			fail_msg("%s", rows[i].name);
		strbuf_clear(&http.body);
		strbuf_clear(&raw);
	}
}
