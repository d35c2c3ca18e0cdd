/*
 * The SELECT of a query file as it is written for each kind of database; the first byte is the
 * kind. Oracles: what is written is a SELECT by the same rules, its brackets match, and each
 * parameter has a place.
 */
#include "fuzz.h"

#include "sitedb/sitedb.h"

static void count_place(void *arg, const struct token *param)
{
	ORACLE(param->kind == TOKEN_PARAM);
	++*(size_t *)arg;
}

static size_t count_params(const struct select *select)
{
	size_t count = 0;

	for (size_t i = 0; i <= tokens_last(&select->tokens); i++)
		count += select->tokens.items[i].kind == TOKEN_PARAM;
	return count;
}

static void check_written(const struct select *select, const struct sitedb_kind *kind)
{
	struct tokens tokens = {0};
	struct strbuf text;
	const char *at = NULL;
	size_t places = 0;
	long depth = 0;

	strbuf_init(&text);
	if (select_write(select, &kind->dialect, &text, count_place, &places)) {
		ORACLE(places >= count_params(select));
		/* SQLite's parameters keep their names, so our own tokens can read it */
		if (kind == &sitedb_sqlite) {
			ORACLE(tokens_read(text.data, &tokens, &at, NULL) == STATUS_OK);
			for (size_t i = 0; i <= tokens_last(&tokens); i++) {
				depth += tokens_is(&tokens, i, "(") ? 1 : 0;
				depth -= tokens_is(&tokens, i, ")") ? 1 : 0;
				ORACLE(depth >= 0);
			}
			ORACLE(depth == 0);
			tokens_clear(&tokens);
		}
	}
	strbuf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sitedb_kind *const kinds[] = {&sitedb_sqlite, &sitedb_mariadb,
							  &sitedb_postgresql};
	struct select select = {0};
	struct error err = {0};
	const char *at = NULL;

	if (size == 0 || size > 8192)
		return 0;
	const struct sitedb_kind *kind = kinds[data[0] % 3];
	char *sql = fuzz_text(data + 1, size - 1);
	if (select_read(sql, &kind->dialect, &select, &at, &err) == STATUS_OK) {
		for (size_t n = 0; n < 10 && select_column(&select, n) != NULL; n++)
			;
		check_written(&select, kind);
		select_clear(&select);
	} else {
		ORACLE(err.text[0] != '\0' && at >= sql && at <= sql + strlen(sql));
	}
	free(sql);
	return 0;
}
