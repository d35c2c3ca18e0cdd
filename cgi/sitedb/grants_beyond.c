/*
 * Asks the database server what the account in `site_database` is allowed to do beyond reading.
 */
#include "sitedb/grants.h"

#include <string.h>

#include "conf/site_uri.h"
#include "sitedb/site_rows.h"

/* ---- MariaDB and MySQL ---- */

/* Returns true if the row at `at`, which ends at `end`, lists only rights to read. */
static bool only_reads(const char *at, const char *end)
{
	static const char *const narrow[] = {"USAGE", "SELECT", "SHOW VIEW"};

	while (at < end) {
		bool known = false;
		size_t len = 0;
		for (size_t i = 0; i < sizeof(narrow) / sizeof(narrow[0]) && !known; i++) {
			len = strlen(narrow[i]);
			known = strncmp(at, narrow[i], len) == 0;
		}
		if (!known)
			return false;
		at += len;
		if (strncmp(at, " (", 2) == 0)
			at += strcspn(at, ")") + 1;
		at += strspn(at, ", ");
	}
	return true;
}

/* What the server reports about the account. */
struct said {
	struct strbuf rows;   /* SHOW GRANTS */
	struct strbuf active; /* the active roles; asked for only if the rows have a role */
};

/* The name of a role as the server writes it: role, `role`, or `role`@`%`. */
struct name {
	const char *text;
	size_t len;
};

#define QUOTES "'`\""

/*
 * Reads the name at `at` and sets *end to the place after it. Leaves out the quotes around a role
 * without a host, because old versions of MariaDB write these quotes only in some rows.
 */
static struct name read_name(const char *at, const char **end)
{
	char quote = '\0';
	size_t len = 0;

	for (; strchr("\n", at[len]) == NULL; len++) {
		if (quote == '\0' && strchr(" ,", at[len]) != NULL)
			break;
		if (quote == '\0' && strchr(QUOTES, at[len]) != NULL)
			quote = at[len];
		else if (at[len] == quote)
			quote = '\0';
	}
	*end = at + len;
	if (len > 2 && strchr(QUOTES, at[0]) != NULL &&
	    memchr(at + 1, at[0], len - 1) == at + len - 1)
		return (struct name){at + 1, len - 2};
	return (struct name){at, len};
}

static bool is_same(struct name one, struct name other)
{
	return one.len > 0 && one.len == other.len && memcmp(one.text, other.text, one.len) == 0;
}

/*
 * Returns true if the rows include the role's own rights, as they do for a role that is active.
 * MariaDB lists these rights in rows with "TO role". MySQL adds these rights to the account's rows,
 * and reports the active roles separately: "`role`@`%`,`role`@`%`".
 */
static bool is_listed(const struct said *said, struct name role)
{
	const char *rows = said->rows.data, *active = said->active.data;
	const char *end;

	for (const char *to = strstr(rows, " TO "); to != NULL; to = strstr(to + 1, " TO "))
		if (is_same(read_name(to + 4, &end), role))
			return true;
	for (; active[0] == '`'; active = end + strspn(end, ", "))
		if (is_same(read_name(active, &end), role))
			return true;
	return false;
}

/* Returns true if is_listed is true for every role in the list from `at` to `end`. */
static bool are_listed(const struct said *said, const char *at, const char *end)
{
	while (at < end) {
		if (!is_listed(said, read_name(at, &at)))
			return false;
		at += strspn(at, ", ");
	}
	return true;
}

#define GRANT        "GRANT "
#define GRANT_OPTION " WITH GRANT OPTION"

/*
 * Finds the end of what a row grants. A row is "GRANT SELECT, INSERT ON `forum`.* TO …" or "GRANT
 * `role` TO …". Sets *is_role for a row of the second form. Returns NULL for any other row.
 */
static const char *granted_end(const char *row, size_t len, bool *is_role)
{
	const char *on = memmem(row, len, " ON ", 4), *to = memmem(row, len, " TO ", 4);

	*is_role = on == NULL || (to != NULL && to < on);
	return strncmp(row, GRANT, strlen(GRANT)) != 0 ? NULL : *is_role ? to : on;
}

/*
 * Appends a row of SHOW GRANTS if the row allows more than reading. Also appends a row that grants
 * an inactive role, because the rights of an inactive role are not known.
 */
static void add_wide_grant(struct strbuf *out, const struct said *said, const char *row, size_t len)
{
	const char *at = row + strlen(GRANT);
	bool is_role = false;
	const char *end = granted_end(row, len, &is_role);
	bool passes_on = memmem(row, len, GRANT_OPTION, strlen(GRANT_OPTION)) != NULL;

	if (end == NULL)
		return;
	if (is_role ? are_listed(said, at, end) : !passes_on && only_reads(at, end))
		return;
	strbuf_addf(out, "%s%.*s%s", out->len > 0 ? "; " : "", (int)(end - row), row,
		    passes_on ? GRANT_OPTION : "");
}

static bool has_role(const char *rows)
{
	bool is_role = false;

	for (const char *row = rows; *row != '\0' && !is_role; row += strcspn(row, "\n") + 1)
		is_role = granted_end(row, strcspn(row, "\n"), &is_role) != NULL && is_role;
	return is_role;
}

static void add_row(void *arg, const char *text)
{
	struct strbuf *rows = arg;

	strbuf_addf(rows, "%s\n", text);
}

static enum status add_wide_grants(const struct site_conf *site, struct strbuf *out,
				   struct error *err)
{
	struct said said;

	strbuf_init_secret(&said.rows); /* a row can have the hash of the account's password */
	strbuf_init(&said.active);
	enum status status = site_rows_each(site, "SHOW GRANTS", add_row, &said.rows, err);
	if (status == STATUS_OK && has_role(said.rows.data)) /* old servers do not know roles */
		status = site_rows_each(site, "SELECT CURRENT_ROLE()", add_row, &said.active, err);
	if (status == STATUS_OK && !(strbuf_ok(&said.rows) && strbuf_ok(&said.active)))
		status = error_no_memory(err);
	for (const char *row = said.rows.data; status == STATUS_OK && *row != '\0';) {
		size_t len = strcspn(row, "\n");
		add_wide_grant(out, &said, row, len);
		row += len + 1;
	}
	strbuf_clear(&said.rows);
	strbuf_clear(&said.active);
	return status;
}

/* ---- PostgreSQL ---- */

static void add_text(void *arg, const char *text)
{
	struct strbuf *out = arg;

	strbuf_addf(out, "%s%s", out->len > 0 ? "; " : "", text);
}

/*
 * A member of a role can take the role's rights with SET ROLE, even if the member does not inherit
 * them. Since PostgreSQL 16, a membership can forbid SET ROLE. But a member with the admin option
 * can then allow itself SET ROLE.
 */
#define BECOMES                                                                                    \
	"CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' "             \
	"ELSE 'SET, MEMBER WITH ADMIN OPTION' END"

enum status grants_beyond(const struct site_conf *site, struct strbuf *out, struct error *err)
{
	static const char writable[] =
	    "SELECT 'superuser' WHERE EXISTS (SELECT FROM pg_roles WHERE rolsuper AND "
	    "pg_has_role(oid, " BECOMES ")) UNION ALL "
	    "(SELECT CASE WHEN w.writes THEN 'writes to ' ELSE 'may grant reading of ' END || "
	    "c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON "
	    "n.oid = c.relnamespace CROSS JOIN LATERAL (SELECT "
	    "bool_or(has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) AS "
	    "writes, bool_or(has_table_privilege(r.oid, c.oid, 'SELECT WITH GRANT OPTION')) AS "
	    "grants FROM pg_roles r WHERE pg_has_role(r.oid, " BECOMES ")) w "
	    "WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname !~ '^pg_' AND "
	    "n.nspname <> 'information_schema' AND (w.writes OR w.grants) LIMIT 3)";

	switch (site_uri_kind(site->site_database)) {
	case SITE_URI_MARIADB:
		return add_wide_grants(site, out, err);
	case SITE_URI_POSTGRESQL:
		return site_rows_each(site, writable, add_text, out, err);
	default:
		return STATUS_OK;
	}
}
