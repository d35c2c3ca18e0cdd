/*
 * Reads a row, lets the caller change it, and writes it back if it changed. The caller defines the
 * text.
 */
#include "store/upstream_state.h"

#include <stdlib.h>
#include <string.h>

#include "store/limit_file.h"

struct update {
	const char *url;
	upstream_state_change *change;
	void *arg;
};

/* *out: the state, which the caller frees; "": there is no row. */
static enum status read_state(struct connection *db, const char *url, char **out, struct error *err)
{
	enum status status =
	    connection_find(db, QUERY_UPSTREAM_FIND, VALUES(as_text(url)), out, err);

	if (status != STATUS_NOT_FOUND)
		return status;
	*out = strdup("");
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

static enum status update(struct connection *db, void *arg, struct error *err)
{
	const struct update *what = arg;
	struct strbuf after;
	char *before = NULL;
	enum status status = read_state(db, what->url, &before, err);

	if (status != STATUS_OK)
		return status;
	strbuf_init(&after);
	what->change(what->arg, before, &after);
	if (!strbuf_ok(&after))
		status = error_no_memory(err);
	else if (strcmp(before, after.data) != 0)
		status = connection_run(db, QUERY_UPSTREAM_SET,
					VALUES(as_text(what->url), as_text(after.data)), NULL, err);
	strbuf_clear(&after);
	free(before);
	return status;
}

enum status upstream_state_update(struct limit_store *limits, const char *url,
				  upstream_state_change *change, void *arg, struct error *err)
{
	struct update what = {.url = url, .change = change, .arg = arg};

	return limit_file_ask(limits, update, &what, err);
}
