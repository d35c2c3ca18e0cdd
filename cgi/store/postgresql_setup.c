/*
 * Checks a database on a PostgreSQL server: whether it belongs to this program, which schema it
 * has, and which rights we have in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/postgresql.h"

/*
 * Selects 1 if the database is ours, 0 if it is empty, or a negative number if it has other tables.
 * Tables that an extension created do not count.
 */
#define WHOSE                                                                                      \
	"SELECT CASE WHEN to_regclass('prebind_schema') IS NOT NULL THEN 1"                        \
	" WHEN current_schema() IS NULL THEN -1"                                                   \
	" ELSE -(SELECT count(*) FROM pg_class c"                                                  \
	" WHERE c.relnamespace = current_schema()::regnamespace AND NOT EXISTS"                    \
	" (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')) END"

/* Lists each right that we lack, with the table on which we lack it. */
#define LACKING                                                                                    \
	"SELECT string_agg(r || ' ON ' || c.relname, ', ') FROM pg_class c,"                       \
	" unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) r"                                 \
	" WHERE c.relnamespace = (SELECT relnamespace FROM pg_class"                               \
	" WHERE oid = to_regclass('prebind_schema'))"                                              \
	" AND c.relkind = 'r' AND NOT has_table_privilege(c.oid, r)"

/*
 * Repeats the WHOSE query while holding the lock that migrations take. When a migration commits,
 * other connections see its new tables a moment before to_regclass finds their names. The migration
 * releases the lock only after that moment.
 */
static enum status ask_under_lock(struct connection *db, int *whose, struct error *err)
{
	enum status status = connection_begin(db, &(struct store_key){.scope = KEY_DATABASE}, err);

	if (status == STATUS_OK)
		status = connection_ask(db, WHOSE, whose, NULL, err);
	connection_rollback(db);
	return status;
}

enum status remote_schema(struct connection *db, int *out, struct error *err)
{
	int whose = 0;
	enum status status = connection_ask(db, WHOSE, &whose, NULL, err);

	if (status == STATUS_OK && whose < 0 && !remote(db)->in_transaction)
		status = ask_under_lock(db, &whose, err);
	if (status == STATUS_OK && whose < 0)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s: this database belongs to another program: set the key "
				 "`database` to a database that only prebind uses",
				 db->path);
	if (status == STATUS_OK && whose == 0)
		*out = 0;
	else if (status == STATUS_OK)
		status = connection_ask(db, "SELECT number FROM prebind_schema", out, NULL, err);
	return status;
}

enum status remote_set_schema(struct connection *db, int number, struct error *err)
{
	char sql[128]; /* has no data from outside; the number is our own constant */

	snprintf(sql, sizeof(sql),
		 "INSERT INTO prebind_schema (id, number) VALUES (1, %d)"
		 " ON CONFLICT (id) DO UPDATE SET number = excluded.number",
		 number);
	return remote_script(db, sql, err);
}

enum status remote_verify(struct connection *db, struct error *err)
{
	char *lacking = NULL;
	enum status status = connection_ask(db, LACKING, NULL, &lacking, err);

	if (status == STATUS_OK && lacking[0] != '\0')
		status = error_set(err, STATUS_UNAVAILABLE,
				   "%s: the user \"%s\" lacks rights: make this user the owner of "
				   "the tables, or GRANT %s",
				   db->path, remote(db)->uri.user, lacking);
	free(lacking);
	for (int i = 0; i < QUERY_COUNT && status == STATUS_OK; i++)
		status = remote_prepare(db, (enum query)i, err);
	return status;
}
