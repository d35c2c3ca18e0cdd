/*
 * JIDs. Oracles: what is accepted prints, and its text is read as the same JID; each prepared part
 * is stable; and the comparisons without an allocation agree.
 */
#include "fuzz.h"

#include "xmpp/jid.h"

static void check(const struct jid *jid, const char *given)
{
	struct jid again = {0}, made = {0};
	char *text = jid_text(jid), *bare = jid_bare_text(jid), *part = NULL;

	ORACLE(text != NULL && bare != NULL);
	ORACLE(jid_parse(jid->resource[0] != '\0' ? text : bare, &again, NULL) == STATUS_OK);
	ORACLE(strcmp(again.localpart, jid->localpart) == 0);
	ORACLE(strcmp(again.domain, jid->domain) == 0);
	ORACLE(strcmp(again.resource, jid->resource) == 0);
	ORACLE(jid_same_bare(&again, jid) && jid_text_is(bare, jid) && jid_text_is(given, jid));
	ORACLE(jid_localpart_is(jid->localpart, jid));
	ORACLE(jid->localpart[0] != '\0' && strpbrk(jid->localpart, "\"&'/:<>@ ") == NULL);
	ORACLE(strlen(jid->localpart) <= JID_PART_MAX && strlen(jid->domain) <= JID_PART_MAX);
	ORACLE(jid_localpart_prepare(jid->localpart, &part, NULL) == STATUS_OK);
	ORACLE(strcmp(part, jid->localpart) == 0);
	free(part);
	ORACLE(jid_domain_prepare(jid->domain, &part, NULL) == STATUS_OK);
	ORACLE(strcmp(part, jid->domain) == 0);
	free(part);
	ORACLE(jid_make(jid->localpart, jid->domain, jid->resource, &made, NULL) == STATUS_OK);
	ORACLE(strcmp(made.resource, jid->resource) == 0);
	jid_clear(&made);
	jid_clear(&again);
	free(text);
	free(bare);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct jid jid = {0};
	struct error err = {0};

	if (jid_parse(text, &jid, &err) == STATUS_OK)
		check(&jid, text);
	else
		ORACLE(jid.localpart == NULL && err.text[0] != '\0');
	jid_clear(&jid);
	free(text);
	return 0;
}
