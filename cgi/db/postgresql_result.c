/*
 * Reads the results of statements on PostgreSQL.
 */
#include <stdlib.h>

#include "db/libpq.h"
#include "db/postgresql.h"

#ifdef LIBPQ_FE_H

static PGresult *result_of(const struct postgresql_result *result)
{
	return (PGresult *)result;
}

int postgresql_rows(const struct postgresql_result *result)
{
	return libpq.PQntuples(result_of(result));
}

int postgresql_columns(const struct postgresql_result *result)
{
	return libpq.PQnfields(result_of(result));
}

unsigned postgresql_column_type(const struct postgresql_result *result, int column)
{
	return libpq.PQftype(result_of(result), column);
}

int postgresql_params(const struct postgresql_result *described)
{
	return libpq.PQnparams(result_of(described));
}

unsigned postgresql_param_type(const struct postgresql_result *described, int param)
{
	return libpq.PQparamtype(result_of(described), param);
}

bool postgresql_is_null(const struct postgresql_result *result, int row, int column)
{
	return libpq.PQgetisnull(result_of(result), row, column) != 0;
}

const char *postgresql_value(const struct postgresql_result *result, int row, int column)
{
	return libpq.PQgetvalue(result_of(result), row, column);
}

size_t postgresql_length(const struct postgresql_result *result, int row, int column)
{
	return (size_t)libpq.PQgetlength(result_of(result), row, column);
}

int postgresql_changed(const struct postgresql_result *result)
{
	return (int)strtol(libpq.PQcmdTuples(result_of(result)), NULL, 10);
}

const char *postgresql_done(const struct postgresql_result *result)
{
	return libpq.PQcmdStatus(result_of(result));
}

void postgresql_clear(struct postgresql_result *result)
{
	if (result != NULL)
		libpq.PQclear(result_of(result));
}

#endif
