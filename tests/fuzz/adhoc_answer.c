/*
 * Tigase's answers, as our client reads them. The first byte is the format ('j' or 'x'), the first
 * line's rest the Content-Type. Oracles: a session that is accepted keeps the limits of its parts,
 * and our server's answer of the same session is read as the same.
 */
#include "fuzz.h"

#include <inttypes.h>

#include "xmpp/adhoc_add_user.h"
#include "xmpp/adhoc_bind.h"
#include "xmpp/adhoc_server.h"

#define SID_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"

static void check(enum adhoc_format format, const struct adhoc_session *session)
{
	char rid[32];
	struct adhoc_session again = {0};
	struct strbuf text;

	ORACLE(strlen(session->sid) >= 16 &&
	       strspn(session->sid, SID_LETTERS) == strlen(session->sid));
	ORACLE(session->rid >= 0 && session->rid <= ADHOC_RID_LIMIT);
	ORACLE(session->from != NULL && session->from[0] != '\0' &&
	       !text_has_control(session->from));
	ORACLE(session->hostname[0] == '\0' || adhoc_hostname_check(session->hostname));
	/* our server always names one */
	const char *hostname = session->hostname[0] != '\0' ? session->hostname : "localhost";
	snprintf(rid, sizeof(rid), "%" PRId64, session->rid);
	strbuf_init(&text);
	adhoc_result_write(
	    &text, format, "bosh@example.org",
	    &(struct adhoc_result){session->from, hostname, rid, session->sid, "1", "60"});
	const struct adhoc_answer answer = {text.data, text.len, adhoc_content_type(format)};
	ORACLE(adhoc_bind_read(format, &answer, &again, NULL) == STATUS_OK);
	ORACLE(strcmp(again.from, session->from) == 0 && strcmp(again.sid, session->sid) == 0);
	ORACLE(strcmp(again.hostname, hostname) == 0 && again.rid == session->rid);
	adhoc_session_clear(&again);
	strbuf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *lines[2];
	struct adhoc_session session = {0};
	struct error err = {0};
	bool existed = false;

	if (size == 0)
		return 0;
	fuzz_start();
	enum adhoc_format format = data[0] == 'x' ? ADHOC_XML : ADHOC_JSON;
	fuzz_lines(data + 1, size - 1, lines, 2);
	/* the last line may hold NULs */
	const char *type = lines[0][0] != '\0' ? lines[0] : NULL;
	size_t skip = 1 + strlen(lines[0]) + 1, len = skip < size ? size - skip : 0;
	char *body = fuzz_copy(skip < size ? data + skip : data, len);
	const struct adhoc_answer answer = {body, len, type};
	enum status status = adhoc_bind_read(format, &answer, &session, &err);
	ORACLE(status == STATUS_OK || (status == STATUS_CHAT_SERVER && err.text[0] != '\0'));
	if (status == STATUS_OK)
		check(format, &session);
	ORACLE(status != STATUS_OK || !adhoc_bind_refused(format, &answer));
	adhoc_session_clear(&session);
	adhoc_add_user_read(format, &answer, &existed, NULL);
	adhoc_answer_is_form(format, &answer, ADHOC_NODE);
	adhoc_list_has_command(format, &answer);
	free(body);
	fuzz_lines_free(lines, 2);
	return 0;
}
