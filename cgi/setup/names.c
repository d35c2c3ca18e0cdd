/*
 * Finds a rule that gives every user of the site a JID. Counts the names that each rule refuses,
 * and the names that differ only in case.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "setup/setup.h"
#include "xmpp/jid_name.h"

struct names {
	char **items; /* lower-case names; the array and the strings are owned */
	size_t count;
	size_t size;
	size_t plain_refused; /* names that {user} refuses */
	size_t lower_refused; /* names that {user|lower} refuses */
	char example[128];    /* a name that {user} refuses */
	bool failed;
};

static bool is_refused(const char *name, enum jid_name_form form)
{
	char *localpart = NULL;
	bool refused = jid_localpart_from_name(name, form, &localpart, NULL) != STATUS_OK;

	free(localpart);
	return refused;
}

static bool make_room(struct names *names)
{
	size_t size = names->size == 0 ? 256 : names->size * 2;

	if (names->count < names->size)
		return true;
	char **more = reallocarray(names->items, size, sizeof(*more));
	if (more == NULL)
		return false;
	names->items = more;
	names->size = size;
	return true;
}

/*
 * Copies the name, with ? in place of each control character, because the name is shown at a
 * terminal.
 */
static void keep_example(struct names *names, const char *name)
{
	snprintf(names->example, sizeof(names->example), "%s", name);
	for (char *at = names->example; *at != '\0'; at++)
		if (iscntrl((unsigned char)*at))
			*at = '?';
}

static void add(void *arg, const char *name)
{
	struct names *names = arg;
	char *localpart = NULL;

	if (is_refused(name, JID_NAME_PLAIN)) {
		names->plain_refused++;
		keep_example(names, name);
	}
	names->failed |= !make_room(names);
	if (names->failed)
		return;
	if (jid_localpart_from_name(name, JID_NAME_LOWER, &localpart, NULL) != STATUS_OK) {
		names->lower_refused++;
		localpart = strdup(name);
	}
	names->failed |= localpart == NULL;
	if (localpart != NULL)
		names->items[names->count++] = localpart;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Returns how many names have the same lower-case form as another name. */
static size_t count_same(struct names *names)
{
	size_t same = 0;

	if (names->count > 0)
		qsort(names->items, names->count, sizeof(*names->items), compare);
	for (size_t i = 1; i < names->count; i++)
		same += strcmp(names->items[i - 1], names->items[i]) == 0;
	return same;
}

static const char *choose(struct names *names, FILE *say)
{
	size_t same = count_same(names);

	fprintf(say, "  %zu user names; the rule {user} refuses %zu%s%s%s\n", names->count,
		names->plain_refused, names->plain_refused > 0 ? ", such as '" : "", names->example,
		names->plain_refused > 0 ? "'" : "");
	fprintf(say, "    {user}        %zu users get no JID\n", names->plain_refused);
	fprintf(say,
		"    {user|lower}  %zu users get no JID; %zu names differ from another name only "
		"in case, and would get the same JID\n",
		names->lower_refused, same);
	fprintf(say, "    {user|safe}   every user gets a different JID\n");
	if (names->plain_refused == 0)
		return "user";
	return names->lower_refused == 0 && same == 0 ? "user|lower" : "user|safe";
}

enum status setup_names_rule(struct setup *setup, char **out, struct error *err)
{
	const char *form = "user";
	struct names names = {.count = 0};
	struct error why = {0};
	struct strbuf rule;
	bool asks = setup->names_sql != NULL &&
		    strcmp(setup_answer(setup, SETUP_LOGIN), PROVIDER_SITE_SESSION) == 0;

	if (asks && setup_rows_each(setup, setup->names_sql, add, &names, &why) == STATUS_OK)
		form = choose(&names, setup->say);
	else if (asks)
		fprintf(setup->say, "  the site's user names cannot be read (%s)\n", why.text);
	for (size_t i = 0; i < names.count; i++)
		free(names.items[i]);
	free(names.items);
	strbuf_init(&rule);
	strbuf_addf(&rule, "{%s}@%s", form, setup_answer(setup, SETUP_DOMAIN));
	*out = names.failed ? NULL : strbuf_take(&rule);
	strbuf_clear(&rule);
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}
