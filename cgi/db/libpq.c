/*
 * Loads libpq. In a build without libpq, the functions of postgresql.h exist, but can never
 * connect.
 */
#include "db/libpq.h"

#include "db/postgresql.h"

#ifdef LIBPQ_FE_H

struct libpq_calls libpq;

static const char *const names[] = {LIBRARY_NAMES(LIBPQ_CALLS)};
static struct library library = LIBRARY("libpq.so.5", "libpq5", names, libpq);

enum status libpq_load(struct error *err)
{
	bool first;

	return library_load(&library, &first, err);
}

#else

/*
 * Without libpq, postgresql_connect always fails, so no connection exists. The program then calls
 * only postgresql_connect and the functions that accept NULL.
 */

enum status postgresql_connect(const struct postgresql_target *target, int64_t until_ms,
			       struct postgresql **out, struct error *err)
{
	(void)target, (void)until_ms, (void)out;
	return error_set(err, STATUS_UNAVAILABLE,
			 "this prebind was built without PostgreSQL: install libpq-dev, and build "
			 "prebind again");
}

/* clang-format off */
#define NEVER(type, name, ...) type name(__VA_ARGS__) { __builtin_trap(); }
NEVER(void, postgresql_set_deadline, struct postgresql *c, int64_t ms)
NEVER(bool, postgresql_is_lost, const struct postgresql *c)
NEVER(void, postgresql_give_up, struct postgresql *c)
NEVER(bool, postgresql_was_silent, const struct postgresql *c)
NEVER(bool, postgresql_is_current, struct postgresql *c)
NEVER(enum status, postgresql_script, struct postgresql *c, const char *sql,
      struct postgresql_result **out, struct postgresql_failure *why)
NEVER(enum status, postgresql_prepare, struct postgresql *c,
      const struct postgresql_statement_text *text, struct postgresql_failure *why)
NEVER(enum status, postgresql_describe, struct postgresql *c, const char *name,
      struct postgresql_result **out, struct postgresql_failure *why)
NEVER(enum status, postgresql_execute, struct postgresql *c, const char *name,
      const struct postgresql_values *values, struct postgresql_result **out,
      struct postgresql_failure *why)
NEVER(int, postgresql_rows, const struct postgresql_result *r)
NEVER(int, postgresql_columns, const struct postgresql_result *r)
NEVER(unsigned, postgresql_column_type, const struct postgresql_result *r, int column)
NEVER(int, postgresql_params, const struct postgresql_result *r)
NEVER(unsigned, postgresql_param_type, const struct postgresql_result *r, int param)
NEVER(bool, postgresql_is_null, const struct postgresql_result *r, int row, int column)
NEVER(const char *, postgresql_value, const struct postgresql_result *r, int row, int column)
NEVER(size_t, postgresql_length, const struct postgresql_result *r, int row, int column)
NEVER(int, postgresql_changed, const struct postgresql_result *r)
NEVER(const char *, postgresql_done, const struct postgresql_result *r)
/* clang-format on */

void postgresql_disconnect(struct postgresql *connection)
{
	(void)connection; /* always NULL */
}

void postgresql_clear(struct postgresql_result *result)
{
	(void)result; /* always NULL */
}

#endif
