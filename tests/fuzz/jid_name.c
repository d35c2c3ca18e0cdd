/*
 * From a site user's name to a localpart. Lines: two names. Oracles: each localpart is prepared and
 * leads back to its name; and two names have one localpart only if they are the same name.
 */
#include "fuzz.h"

#include "base/name.h"
#include "xmpp/jid_name.h"

/* NULL: the form refuses the name. */
static char *localpart_of(const char *name, enum jid_name_form form)
{
	char *localpart = NULL, *prepared = NULL, *back = NULL, *lower = NULL;

	if (jid_localpart_from_name(name, form, &localpart, NULL) != STATUS_OK)
		return NULL;
	ORACLE(jid_localpart_prepare(localpart, &prepared, NULL) == STATUS_OK);
	ORACLE(strcmp(prepared, localpart) == 0);
	ORACLE(jid_name_from_localpart(localpart, form, &back, NULL) == STATUS_OK);
	if (form == JID_NAME_LOWER) {
		ORACLE(name_lower(name, &lower, NULL) == STATUS_OK);
		ORACLE(strcmp(back, lower) == 0);
	} else {
		ORACLE(strcmp(back, name) == 0);
	}
	free(lower);
	free(prepared);
	free(back);
	return localpart;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *lines[2], *reversed = NULL;

	fuzz_lines(data, size, lines, 2);
	for (int form = JID_NAME_PLAIN; form <= JID_NAME_SAFE; form++) {
		char *a = localpart_of(lines[0], (enum jid_name_form)form);
		char *b = localpart_of(lines[1], (enum jid_name_form)form);

		if (a != NULL && b != NULL && form != JID_NAME_LOWER)
			ORACLE((strcmp(a, b) == 0) == (strcmp(lines[0], lines[1]) == 0));
		free(a);
		free(b);
		/* any text may be asked for its name, too */
		if (jid_name_from_localpart(lines[1], (enum jid_name_form)form, &reversed, NULL) ==
		    STATUS_OK)
			free(reversed);
	}
	fuzz_lines_free(lines, 2);
	return 0;
}
