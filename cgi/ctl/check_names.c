/*
 * prebindctl check: reports stored names that today's rules would refuse. Names that were stored
 * before prebind checked names remain valid. The report shows each invisible character as its
 * number.
 */
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/name.h"
#include "base/strbuf.h"
#include "conf/conf.h"
#include "ctl/check_names.h"
#include "store/adhoc_caller.h"
#include "store/jid_map.h"
#include "store/user.h"

#define TOLD_MAX 10 /* the report is one line, so only this many names are listed */

struct names {
	struct strbuf told;
	long count;
};

/*
 * Writes the name in the shell's quoted form, such as $'bob\u200b', so that it can be pasted into
 * `prebindctl user delete`.
 */
static void add_quoted(struct strbuf *out, const char *name)
{
	size_t len = strlen(name), step;
	uint32_t c = 0;

	strbuf_adds(out, "$'");
	for (size_t at = 0; at < len; at += step) {
		step = utf8_decode(name + at, len - at, &c);
		if (step == 0) {
			strbuf_addf(out, "\\x%02x", (unsigned char)name[at]);
			step = 1;
		} else if (c == '\'' || c == '\\') {
			strbuf_addf(out, "\\%c", (char)c);
		} else if (c >= 0x20 && c < 0x7f) {
			strbuf_addc(out, (char)c);
		} else {
			strbuf_addf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)c);
		}
	}
	strbuf_adds(out, "'");
}

/*
 * Adds the name to the report if it would be refused today, or would be stored in another spelling.
 */
static void look_at(struct names *names, const char *what, const char *name, size_t max)
{
	char *prepared = NULL;
	struct error why = {0};
	enum status status = name_prepare(name, "a", max, &prepared, &why);
	bool same = status == STATUS_OK && strcmp(prepared, name) == 0;

	free(prepared);
	if (same || status == STATUS_INTERNAL || names->count++ >= TOLD_MAX)
		return;
	strbuf_addf(&names->told, "%s%s ", names->told.len > 0 ? "; " : "", what);
	add_quoted(&names->told, name);
	strbuf_addf(&names->told, ": %s", status == STATUS_OK ? "not composed (NFC)" : why.text);
}

static void look_at_user(void *arg, const struct user *user)
{
	look_at(arg, "user", user->name, USER_NAME_MAX);
}

static void look_at_row(void *arg, const struct jid_map_row *row)
{
	struct error why = {0};
	struct names *names = arg;

	/*
	 * Check only the characters, because the site decides how it spells its names. look_at_user
	 * reports the names of provider login.
	 */
	if (name_characters_check(row->user, &why) != STATUS_OK &&
	    strcmp(row->source, PROVIDER_LOGIN) != 0)
		look_at(names, "name in the JID map", row->user, USER_NAME_MAX);
}

static void look_at_caller(void *arg, const struct adhoc_caller *caller)
{
	look_at(arg, "gateway caller", caller->name, USER_NAME_MAX);
}

enum status names_check(struct store *store, struct error *said)
{
	struct names names = {0};

	strbuf_init(&names.told);
	enum status status = user_list(store, look_at_user, &names, said);
	if (status == STATUS_OK)
		status = jid_map_list(store, look_at_row, &names, said);
	if (status == STATUS_OK)
		status = adhoc_caller_list(store, look_at_caller, &names, said);
	if (status == STATUS_OK && names.count > 0)
		status = error_set(said, STATUS_CONFLICT,
				   "%ld name%s would be refused today, because a different name "
				   "could look the same: %s%s; the names still work, but delete "
				   "these names and add the users under other names",
				   names.count, names.count == 1 ? "" : "s", names.told.data,
				   names.count > TOLD_MAX ? "; …" : "");
	strbuf_clear(&names.told);
	return status;
}
