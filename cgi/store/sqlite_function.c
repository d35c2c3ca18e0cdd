/*
 * The function fold(text), which SQLite does not have: its lower() knows only ASCII letters.
 */
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "store/sqlite.h"

/*
 * NULL stays NULL. A value that is not UTF-8 text is returned unchanged, and so is a text with a
 * NUL: cut off there it would be another name.
 */
static void fold(sqlite3_context *context, int n, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	bool whole = text != NULL && strlen(text) == (size_t)sqlite3_value_bytes(values[0]);
	char *folded = NULL;
	struct error why = {0};

	(void)n;
	if (whole && name_fold(text, &folded, &why) == STATUS_OK)
		sqlite3_result_text(context, folded, -1, free);
	else if (why.status == STATUS_INTERNAL)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_value(context, values[0]);
}

enum status sqlite_add_functions(struct connection *db, struct error *err)
{
	int code =
	    sqlite3_create_function_v2(db->sqlite, "fold", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
				       NULL, fold, NULL, NULL, NULL);

	return code == SQLITE_OK ? STATUS_OK : sqlite_failed(db, code, err);
}
