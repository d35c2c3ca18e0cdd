/*
 * All SQL that is used while serving, and the structs for its rows. Most queries have the same SQL
 * for SQLite and PostgreSQL. If PostgreSQL needs different SQL, the SQL for PostgreSQL comes after
 * the SQL for SQLite. The comment above a query lists its parameters. SQL is never built from parts
 * at run time.
 *
 * On a server several transactions can delete old rows at the same time. SKIP LOCKED keeps them
 * from waiting for each other.
 */
#include "store/adhoc_caller.h"
#include "store/copied.h"
#include "store/jid_map.h"
#include "store/limit_file.h"
#include "store/provisioned.h"
#include "store/query.h"
#include "store/session.h"
#include "store/user.h"

/* ---- rows ---- */

#define ROW(type, columns)                                                                         \
	{                                                                                          \
		sizeof(type), columns, sizeof(columns) / sizeof((columns)[0])                      \
	}

#define USER_COLUMNS "id, name, display_name, password_hash, disabled"

static const struct column user_columns[] = {
    COLUMN(struct user, id, KIND_INTEGER),        COLUMN(struct user, name, KIND_TEXT),
    COLUMN(struct user, display_name, KIND_TEXT), COLUMN(struct user, password_hash, KIND_SECRET),
    COLUMN(struct user, disabled, KIND_FLAG),
};
static const struct row_type user_row = ROW(struct user, user_columns);

#define SESSION_COLUMNS                                                                            \
	"source, \"user\", created, last_seen,"                                                    \
	" password_mac IS NOT NULL AS of_site_password, password_mac"

static const struct column session_columns[] = {
    COLUMN(struct session, source, KIND_TEXT),
    COLUMN(struct session, user, KIND_TEXT),
    COLUMN(struct session, created, KIND_INTEGER),
    COLUMN(struct session, last_seen, KIND_INTEGER),
    COLUMN(struct session, of_site_password, KIND_FLAG),
    COLUMN(struct session, password_mac, KIND_BLOB | KIND_OR_NULL),
};
static const struct row_type session_row = ROW(struct session, session_columns);

#define JID_MAP_COLUMNS "source, \"user\", localpart, domain, xmpp_password"

#define JID_MAP_NEW                                                                                \
	" ON CONFLICT (source, \"user\") DO UPDATE SET xmpp_password = CASE"                       \
	" WHEN excluded.xmpp_password IS NULL AND jid_map.localpart = excluded.localpart"          \
	" AND jid_map.domain = excluded.domain THEN jid_map.xmpp_password"                         \
	" ELSE excluded.xmpp_password END,"                                                        \
	" localpart = excluded.localpart, domain = excluded.domain"

static const struct column jid_map_columns[] = {
    COLUMN(struct jid_map_row, source, KIND_TEXT),
    COLUMN(struct jid_map_row, user, KIND_TEXT),
    COLUMN(struct jid_map_row, localpart, KIND_TEXT),
    COLUMN(struct jid_map_row, domain, KIND_TEXT),
    COLUMN(struct jid_map_row, xmpp_password, KIND_SECRET | KIND_OR_NULL),
};
static const struct row_type jid_map_row = ROW(struct jid_map_row, jid_map_columns);

#define ADHOC_CALLER_COLUMNS                                                                       \
	"name, password_hash, api_key_hash IS NOT NULL AS has_api_key, api_key_hash,"              \
	" domains, addresses, disabled, created"

static const struct column adhoc_caller_columns[] = {
    COLUMN(struct adhoc_caller, name, KIND_TEXT),
    COLUMN(struct adhoc_caller, password_hash, KIND_SECRET),
    COLUMN(struct adhoc_caller, has_api_key, KIND_FLAG),
    COLUMN(struct adhoc_caller, api_key_hash, KIND_BLOB | KIND_OR_NULL),
    COLUMN(struct adhoc_caller, domains, KIND_TEXT),
    COLUMN(struct adhoc_caller, addresses, KIND_TEXT),
    COLUMN(struct adhoc_caller, disabled, KIND_FLAG),
    COLUMN(struct adhoc_caller, created, KIND_INTEGER),
};
static const struct row_type adhoc_caller_row = ROW(struct adhoc_caller, adhoc_caller_columns);

static const struct column provisioned_columns[] = {
    COLUMN(struct provisioned, xmpp_password, KIND_SECRET | KIND_OR_NULL),
    COLUMN(struct provisioned, done, KIND_FLAG),
};
static const struct row_type provisioned_row = ROW(struct provisioned, provisioned_columns);

static const struct column limit_columns[] = {
    COLUMN(struct limit_row, there, KIND_FLAG),
    COLUMN(struct limit_row, credit, KIND_INTEGER),
    COLUMN(struct limit_row, stamp, KIND_INTEGER),
};
static const struct row_type limit_row = ROW(struct limit_row, limit_columns);

/* Describes a row with one column, which is stored in a variable of the given type. */
/* clang-format off */
#define ONE(name, kind, type)                                                                      \
	(&(const struct row_type){sizeof(type), &(const struct column){name, kind, 0, sizeof(type)}, 1})
/* clang-format on */

/* ---- queries ---- */

/* The arguments after the SQL are the kinds of the parameters. */
#define FINDS(row_type, text, ...)                                                                 \
	{                                                                                          \
		.sql = (text), .params = {__VA_ARGS__}, .row = (row_type)                          \
	}
/* The second string is the SQL for PostgreSQL. */
#define RUNS_OR(text, other, ...)                                                                  \
	{                                                                                          \
		.sql = (text), .postgresql = (other), .params = { __VA_ARGS__ }                    \
	}
#define RUNS(text, ...)                                                                            \
	{                                                                                          \
		.sql = (text), .params = { __VA_ARGS__ }                                           \
	}

/* Like FINDS, with different SQL for PostgreSQL. */
#define FINDS_EITHER(row_type, text, other, ...)                                                   \
	{                                                                                          \
		.sql = (text), .postgresql = (other), .params = {__VA_ARGS__}, .row = (row_type)   \
	}

/*
 * Each inner SELECT reads at most ?2 rows of its index. The last inner SELECT finds display names
 * without a folded form, which other programs wrote into this table. U+10FFFF sorts after every
 * character that a name can have.
 */
#define USER_SEARCH                                                                                \
	"SELECT id, name, display_name, '' AS password_hash, disabled FROM site_user"              \
	" WHERE id IN (SELECT id FROM (SELECT id FROM site_user WHERE folded >= ?1"                \
	" AND folded < ?1 || char(1114111) AND disabled = 0 ORDER BY folded LIMIT ?2)"             \
	" UNION ALL SELECT id FROM (SELECT id FROM site_user WHERE display_folded >= ?1"           \
	" AND display_folded < ?1 || char(1114111) AND display_folded <> ''"                       \
	" AND disabled = 0 ORDER BY display_folded LIMIT ?2)"                                      \
	" UNION ALL SELECT id FROM (SELECT id FROM site_user WHERE display_folded = ''"            \
	" AND display_name <> '' AND display_name COLLATE NOCASE >= ?1"                            \
	" AND display_name COLLATE NOCASE < ?1 || char(1114111) AND disabled = 0"                  \
	" ORDER BY display_name COLLATE NOCASE LIMIT ?2))"                                         \
	" ORDER BY CASE display_name WHEN '' THEN name ELSE display_name END COLLATE NOCASE,"      \
	" name LIMIT ?2"
#define USER_SEARCH_POSTGRESQL                                                                     \
	"SELECT id, name, display_name, '' AS password_hash, disabled FROM site_user"              \
	" WHERE id IN (SELECT id FROM (SELECT id FROM site_user WHERE folded >= ?1"                \
	" AND folded < ?1 || chr(1114111) AND disabled = 0 ORDER BY folded LIMIT ?2) AS a"         \
	" UNION ALL SELECT id FROM (SELECT id FROM site_user WHERE display_folded >= ?1"           \
	" AND display_folded < ?1 || chr(1114111) AND display_folded <> ''"                        \
	" AND disabled = 0 ORDER BY display_folded LIMIT ?2) AS b"                                 \
	" UNION ALL SELECT id FROM (SELECT id FROM site_user WHERE display_folded = ''"            \
	" AND display_name <> '' AND lower(display_name) COLLATE \"C\" >= ?1"                      \
	" AND lower(display_name) COLLATE \"C\" < ?1 || chr(1114111) AND disabled = 0"             \
	" ORDER BY lower(display_name) COLLATE \"C\" LIMIT ?2) AS c)"                              \
	" ORDER BY lower(CASE display_name WHEN '' THEN name ELSE display_name END),"              \
	" name LIMIT ?2"

const struct query_sql queries[QUERY_COUNT] = {
    [QUERY_PING] = FINDS(ONE("count", KIND_INTEGER, int64_t),
			 "SELECT count(*) AS count FROM (SELECT 1 FROM site_key LIMIT 1) AS one"),

    [QUERY_DATABASE_SITE_FIND] =
	FINDS(ONE("site", KIND_TEXT, char *), "SELECT site FROM database_site WHERE id = 1"),
    /* ?1: site */
    [QUERY_DATABASE_SITE_SET] = RUNS("INSERT INTO database_site (id, site) VALUES (1, ?1)"
				     " ON CONFLICT (id) DO UPDATE SET site = ?1",
				     KIND_TEXT),

    /* ?1: name */
    [QUERY_USER_FIND] =
	FINDS(&user_row, "SELECT " USER_COLUMNS " FROM site_user WHERE name = ?1", KIND_TEXT),
    /* ?1: folded name. If there are two rows, the name is not unique. */
    [QUERY_USER_FIND_FOLDED] = FINDS(
	&user_row, "SELECT " USER_COLUMNS " FROM site_user WHERE folded = ?1 ORDER BY name LIMIT 2",
	KIND_TEXT),
    /* ?1: folded name */
    [QUERY_USER_FIND_ALIKE] =
	FINDS(&user_row, "SELECT " USER_COLUMNS " FROM site_user WHERE folded = ?1", KIND_TEXT),
    /* ?1: name, ?2: hash, ?3: now, ?4: folded name, ?5: display name, ?6: folded display name */
    [QUERY_USER_ADD] = RUNS("INSERT INTO site_user (name, password_hash, created, folded,"
			    " display_name, display_folded) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			    KIND_TEXT, KIND_TEXT, KIND_INTEGER, KIND_TEXT, KIND_TEXT, KIND_TEXT),
    /* ?1: name, ?2: hash */
    [QUERY_USER_SET_PASSWORD] =
	RUNS("UPDATE site_user SET password_hash = ?2 WHERE name = ?1", KIND_TEXT, KIND_TEXT),
    /* ?1: name, ?2: new hash, ?3: old hash */
    [QUERY_USER_REHASH] =
	RUNS("UPDATE site_user SET password_hash = ?2 WHERE name = ?1 AND password_hash = ?3",
	     KIND_TEXT, KIND_TEXT, KIND_TEXT),
    /* ?1: name, ?2: 0 or 1 */
    [QUERY_USER_SET_DISABLED] =
	RUNS("UPDATE site_user SET disabled = ?2 WHERE name = ?1", KIND_TEXT, KIND_INTEGER),
    /* ?1: name */
    [QUERY_USER_DELETE] = RUNS("DELETE FROM site_user WHERE name = ?1", KIND_TEXT),
    [QUERY_USER_LIST] = FINDS(&user_row, "SELECT " USER_COLUMNS " FROM site_user ORDER BY name"),
    /* ?1: name, ?2: display name, ?3: folded display name */
    [QUERY_USER_SET_DISPLAY_NAME] =
	RUNS("UPDATE site_user SET display_name = ?2, display_folded = ?3 WHERE name = ?1",
	     KIND_TEXT, KIND_TEXT, KIND_TEXT),
    /* ?1: the folded beginning of a name or display name, ?2: maximum number of rows */
    [QUERY_USER_SEARCH] =
	FINDS_EITHER(&user_row, USER_SEARCH, USER_SEARCH_POSTGRESQL, KIND_TEXT, KIND_INTEGER),

    /* ?1: token hash */
    [QUERY_SESSION_FIND] =
	FINDS(&session_row, "SELECT " SESSION_COLUMNS " FROM login_session WHERE token_hash = ?1",
	      KIND_BLOB),
    /* ?1: token hash, ?2: now, ?3: time; a later last_seen is not overwritten */
    [QUERY_SESSION_TOUCH] = RUNS("UPDATE login_session SET last_seen = ?2"
				 " WHERE token_hash = ?1 AND last_seen <= ?3",
				 KIND_BLOB, KIND_INTEGER, KIND_INTEGER),
    /*
     * ?1: token hash, ?2: source, ?3: user, ?4: now, ?5: MAC of the site's password hash or null,
     * ?6: password hash of our own user at the time of the password check. Inserts nothing if our
     * own user has since been deleted or disabled, or has got another password.
     */
    [QUERY_SESSION_ADD] =
	RUNS("INSERT INTO login_session"
	     " (token_hash, source, \"user\", created, last_seen, password_mac)"
	     " SELECT ?1, ?2, ?3, ?4, ?4, ?5"
	     " WHERE ?2 <> 'login' OR ?5 IS NOT NULL OR EXISTS (SELECT 1 FROM site_user"
	     " WHERE name = ?3 AND disabled = 0 AND password_hash = ?6)",
	     KIND_BLOB, KIND_TEXT, KIND_TEXT, KIND_INTEGER, KIND_BLOB | KIND_OR_NULL,
	     KIND_TEXT | KIND_OR_NULL),
    /* ?1: source, ?2: user, ?3: how many of the newest sessions to keep */
    [QUERY_SESSION_EVICT] =
	RUNS_OR("DELETE FROM login_session WHERE token_hash IN"
		" (SELECT token_hash FROM login_session WHERE source = ?1 AND \"user\" = ?2"
		" ORDER BY created DESC, last_seen DESC, token_hash LIMIT -1 OFFSET ?3)",
		"DELETE FROM login_session WHERE token_hash IN"
		" (SELECT token_hash FROM login_session WHERE source = ?1 AND \"user\" = ?2"
		" ORDER BY created DESC, last_seen DESC, token_hash OFFSET ?3"
		" FOR UPDATE SKIP LOCKED)",
		KIND_TEXT, KIND_TEXT, KIND_INTEGER),
    /* ?1: time; rows with a later last_seen are kept, ?2: maximum number of rows to delete */
    [QUERY_SESSION_PURGE] = RUNS_OR(
	"DELETE FROM login_session WHERE token_hash IN"
	" (SELECT token_hash FROM login_session WHERE last_seen <= ?1 ORDER BY last_seen LIMIT ?2)",
	"DELETE FROM login_session WHERE token_hash IN"
	" (SELECT token_hash FROM login_session WHERE last_seen <= ?1 ORDER BY last_seen LIMIT ?2"
	" FOR UPDATE SKIP LOCKED)",
	KIND_INTEGER, KIND_INTEGER),
    /* ?1: token hash */
    [QUERY_SESSION_END] = RUNS("DELETE FROM login_session WHERE token_hash = ?1", KIND_BLOB),
    /* ?1: source, ?2: user */
    [QUERY_SESSION_END_USER] =
	RUNS("DELETE FROM login_session WHERE source = ?1 AND \"user\" = ?2", KIND_TEXT, KIND_TEXT),
    [QUERY_SESSION_END_ALL] = RUNS("DELETE FROM login_session"),
    [QUERY_SESSION_LIST] =
	FINDS(&session_row,
	      "SELECT " SESSION_COLUMNS " FROM login_session ORDER BY source, \"user\", created"),

    /* ?1: source, ?2: user */
    [QUERY_JID_MAP_FIND] = FINDS(
	&jid_map_row, "SELECT " JID_MAP_COLUMNS " FROM jid_map WHERE source = ?1 AND \"user\" = ?2",
	KIND_TEXT, KIND_TEXT),
    /* ?1: localpart, ?2: domain */
    [QUERY_JID_MAP_FIND_ACCOUNT] =
	FINDS(&jid_map_row,
	      "SELECT " JID_MAP_COLUMNS " FROM jid_map WHERE localpart = ?1 AND domain = ?2",
	      KIND_TEXT, KIND_TEXT),
    /*
     * ?1: source, ?2: user, ?3: localpart, ?4: domain, ?5: password or null. Null keeps the
     * password only if the account stays the same. If another user has the account, the query fails
     * on SQLite. On PostgreSQL the query then changes nothing and does not fail. A failure would
     * end the transaction, and the transaction still has to find that user.
     */
    [QUERY_JID_MAP_SET] =
	RUNS_OR("INSERT INTO jid_map (" JID_MAP_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)" JID_MAP_NEW,
		"INSERT INTO jid_map (" JID_MAP_COLUMNS ") SELECT ?1, ?2, ?3, ?4, ?5"
		" WHERE NOT EXISTS (SELECT 1 FROM jid_map WHERE localpart = ?3 AND domain = ?4"
		" AND NOT (source = ?1 AND \"user\" = ?2))" JID_MAP_NEW,
		KIND_TEXT, KIND_TEXT, KIND_TEXT, KIND_TEXT, KIND_TEXT | KIND_OR_NULL),
    /* ?1: source, ?2: user */
    [QUERY_JID_MAP_DELETE] =
	RUNS("DELETE FROM jid_map WHERE source = ?1 AND \"user\" = ?2", KIND_TEXT, KIND_TEXT),
    /* The list does not contain passwords. */
    [QUERY_JID_MAP_LIST] =
	FINDS(&jid_map_row, "SELECT source, \"user\", localpart, domain, NULL AS "
			    "xmpp_password FROM jid_map ORDER BY source, \"user\""),

    /* ?1: localpart, ?2: domain */
    [QUERY_JID_CLAIM_FIND] = FINDS(
	ONE("owner", KIND_TEXT, char *),
	"SELECT owner FROM jid_claim WHERE localpart = ?1 AND domain = ?2", KIND_TEXT, KIND_TEXT),
    /* ?1: localpart, ?2: domain, ?3: owner. An existing row is kept. */
    [QUERY_JID_CLAIM_ADD] =
	RUNS("INSERT INTO jid_claim (localpart, domain, owner) VALUES (?1, ?2, ?3)"
	     " ON CONFLICT (localpart, domain) DO NOTHING",
	     KIND_TEXT, KIND_TEXT, KIND_TEXT),

    /* ?1: localpart, ?2: domain */
    [QUERY_PROVISIONED_FIND] =
	FINDS(&provisioned_row,
	      "SELECT xmpp_password, done FROM provisioned WHERE localpart = ?1 AND domain = ?2",
	      KIND_TEXT, KIND_TEXT),
    /* ?1: localpart, ?2: domain, ?3: password or null. An existing row is kept. */
    [QUERY_PROVISIONED_ADD] =
	RUNS("INSERT INTO provisioned (localpart, domain, xmpp_password) VALUES (?1, ?2, ?3)"
	     " ON CONFLICT (localpart, domain) DO NOTHING",
	     KIND_TEXT, KIND_TEXT, KIND_TEXT | KIND_OR_NULL),
    /*
     * ?1: localpart, ?2: domain, ?3: length of a lease in seconds. Changes nothing if the account
     * exists, or if another lease has not ended.
     */
    [QUERY_PROVISIONED_TAKE] =
	RUNS_OR("UPDATE provisioned SET taken = unixepoch() WHERE localpart = ?1 AND domain = ?2"
		" AND done = 0 AND (taken <= unixepoch() - ?3 OR taken > unixepoch())",
		"UPDATE provisioned SET taken = floor(extract(epoch FROM clock_timestamp()))"
		" WHERE localpart = ?1 AND domain = ?2 AND done = 0"
		" AND (taken <= floor(extract(epoch FROM clock_timestamp())) - ?3"
		" OR taken > floor(extract(epoch FROM clock_timestamp())))",
		KIND_TEXT, KIND_TEXT, KIND_INTEGER),
    /*
     * ?1: localpart, ?2: domain, ?3: 1 if the account exists, otherwise 0. A late failure does not
     * undo the success of another caller.
     */
    [QUERY_PROVISIONED_END] = RUNS("UPDATE provisioned SET taken = 0,"
				   " done = CASE WHEN ?3 > done THEN ?3 ELSE done END"
				   " WHERE localpart = ?1 AND domain = ?2",
				   KIND_TEXT, KIND_TEXT, KIND_INTEGER),

    /* ?1: time; rows with a later expiry are kept, ?2: maximum number of rows to delete */
    [QUERY_USED_NONCE_PURGE] =
	RUNS_OR("DELETE FROM used_nonce WHERE nonce IN"
		" (SELECT nonce FROM used_nonce WHERE expiry <= ?1 ORDER BY expiry LIMIT ?2)",
		"DELETE FROM used_nonce WHERE nonce IN"
		" (SELECT nonce FROM used_nonce WHERE expiry <= ?1 ORDER BY expiry LIMIT ?2"
		" FOR UPDATE SKIP LOCKED)",
		KIND_INTEGER, KIND_INTEGER),
    /* ?1: nonce, ?2: expiry */
    [QUERY_USED_NONCE_ADD] =
	RUNS("INSERT INTO used_nonce (nonce, expiry) VALUES (?1, ?2)", KIND_TEXT, KIND_INTEGER),

    /* ?1: name */
    [QUERY_ADHOC_CALLER_FIND] =
	FINDS(&adhoc_caller_row,
	      "SELECT " ADHOC_CALLER_COLUMNS " FROM gateway_caller WHERE name = ?1", KIND_TEXT),
    /* ?1: name, ?2: hash, ?3: API key's hash or null, ?4: domains, ?5: addresses, ?6: now */
    [QUERY_ADHOC_CALLER_ADD] =
	RUNS("INSERT INTO gateway_caller (name, password_hash, api_key_hash, domains,"
	     " addresses, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	     KIND_TEXT, KIND_TEXT, KIND_BLOB | KIND_OR_NULL, KIND_TEXT, KIND_TEXT, KIND_INTEGER),
    /* ?1: name, ?2: hash */
    [QUERY_ADHOC_CALLER_SET_PASSWORD] =
	RUNS("UPDATE gateway_caller SET password_hash = ?2 WHERE name = ?1", KIND_TEXT, KIND_TEXT),
    /* ?1: name, ?2: 0 or 1 */
    [QUERY_ADHOC_CALLER_SET_DISABLED] =
	RUNS("UPDATE gateway_caller SET disabled = ?2 WHERE name = ?1", KIND_TEXT, KIND_INTEGER),
    /* ?1: name */
    [QUERY_ADHOC_CALLER_DELETE] = RUNS("DELETE FROM gateway_caller WHERE name = ?1", KIND_TEXT),
    [QUERY_ADHOC_CALLER_LIST] = FINDS(&adhoc_caller_row, "SELECT " ADHOC_CALLER_COLUMNS
							 " FROM gateway_caller ORDER BY name"),

    /* ?1: user */
    [QUERY_TOKEN_REVOCATION_FIND] =
	FINDS(ONE("min_iat", KIND_INTEGER, int64_t),
	      "SELECT min_iat FROM token_revocation WHERE \"user\" = ?1", KIND_TEXT),
    /* ?1: user, ?2: time. The later time is kept. */
    [QUERY_TOKEN_REVOCATION_SET] =
	RUNS("INSERT INTO token_revocation (\"user\", min_iat) VALUES (?1, ?2)"
	     " ON CONFLICT (\"user\") DO UPDATE SET min_iat = excluded.min_iat"
	     " WHERE excluded.min_iat > token_revocation.min_iat",
	     KIND_TEXT, KIND_INTEGER),
    /* ?1: time. Deletes revocations before this time. */
    [QUERY_TOKEN_REVOCATION_PURGE] =
	RUNS("DELETE FROM token_revocation WHERE min_iat < ?1", KIND_INTEGER),

    /* ?1: purpose */
    [QUERY_SITE_KEY_FIND] = FINDS(ONE("key", KIND_BLOB, unsigned char[SECRET_KEY_LEN]),
				  "SELECT key FROM site_key WHERE purpose = ?1", KIND_TEXT),
    /* ?1: purpose, ?2: key. An existing key is kept. */
    [QUERY_SITE_KEY_ADD] =
	RUNS("INSERT INTO site_key (purpose, key) VALUES (?1, ?2) ON CONFLICT (purpose) DO NOTHING",
	     KIND_TEXT, KIND_BLOB),
    [QUERY_SITE_KEY_FORGET] = RUNS("DELETE FROM site_key"),

    /*
     * The limits. For SQLite they are in a separate file, whose tables limit_file.c creates.
     *
     * ?1: bucket id
     */
    [QUERY_LIMIT_FIND] =
	FINDS(&limit_row, "SELECT 1 AS there, credit, stamp FROM bucket WHERE id = ?1", KIND_BLOB),
    /* ?1: bucket id, ?2: credit, ?3: stamp, ?4: time when the bucket is full */
    [QUERY_LIMIT_SET] =
	RUNS("INSERT INTO bucket (id, credit, stamp, full_at) VALUES (?1, ?2, ?3, ?4)"
	     " ON CONFLICT (id) DO UPDATE SET credit = excluded.credit,"
	     " stamp = excluded.stamp, full_at = excluded.full_at",
	     KIND_BLOB, KIND_INTEGER, KIND_INTEGER, KIND_INTEGER),
    /* ?1: now, ?2: maximum number of rows to delete. A full bucket means the same as no row. */
    [QUERY_LIMIT_PURGE] = RUNS_OR("DELETE FROM bucket WHERE id IN (SELECT id FROM bucket"
				  " WHERE full_at <= ?1 ORDER BY full_at LIMIT ?2)",
				  "DELETE FROM bucket WHERE id IN (SELECT id FROM bucket"
				  " WHERE full_at <= ?1 ORDER BY full_at LIMIT ?2"
				  " FOR UPDATE SKIP LOCKED)",
				  KIND_INTEGER, KIND_INTEGER),
    /* ?1: number of rows to delete. Deletes the buckets that will be full first. */
    [QUERY_LIMIT_EVICT] =
	RUNS("DELETE FROM bucket WHERE id IN (SELECT id FROM bucket ORDER BY full_at LIMIT ?1)",
	     KIND_INTEGER),

    /* The table upstream is in the same file as the limits. ?1: URL */
    [QUERY_UPSTREAM_FIND] = FINDS(ONE("state", KIND_TEXT, char *),
				  "SELECT state FROM upstream WHERE url = ?1", KIND_TEXT),
    /* ?1: URL, ?2: state */
    [QUERY_UPSTREAM_SET] = RUNS("INSERT INTO upstream (url, state) VALUES (?1, ?2)"
				" ON CONFLICT (url) DO UPDATE SET state = excluded.state",
				KIND_TEXT, KIND_TEXT),

    /* Whole tables, for prebindctl migrate --from. copied.h lists the columns. */
    [QUERY_COPY_READ_USER] =
	FINDS(&(const struct row_type)ROW(struct copied_row, site_user_copied),
	      "SELECT id, name, display_name, password_hash, disabled, created, folded, "
	      "display_folded FROM site_user"),
    [QUERY_COPY_WRITE_USER] =
	RUNS("INSERT INTO site_user (id, name, display_name, password_hash, disabled, created, "
	     "folded, display_folded) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	     KIND_INTEGER, KIND_TEXT, KIND_TEXT, KIND_TEXT, KIND_INTEGER, KIND_INTEGER, KIND_TEXT,
	     KIND_TEXT),
    [QUERY_COPY_READ_SESSION] = FINDS(
	&(const struct row_type)ROW(struct copied_row, login_session_copied),
	"SELECT token_hash, source, \"user\", created, last_seen, password_mac FROM login_session"),
    [QUERY_COPY_WRITE_SESSION] =
	RUNS("INSERT INTO login_session (token_hash, source, \"user\", created, last_seen, "
	     "password_mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	     KIND_BLOB, KIND_TEXT, KIND_TEXT, KIND_INTEGER, KIND_INTEGER, KIND_BLOB | KIND_OR_NULL),
    [QUERY_COPY_READ_JID_MAP] =
	FINDS(&(const struct row_type)ROW(struct copied_row, jid_map_copied),
	      "SELECT source, \"user\", localpart, domain, xmpp_password FROM jid_map"),
    [QUERY_COPY_WRITE_JID_MAP] =
	RUNS("INSERT INTO jid_map (source, \"user\", localpart, domain, xmpp_password) VALUES (?1, "
	     "?2, ?3, ?4, ?5)",
	     KIND_TEXT, KIND_TEXT, KIND_TEXT, KIND_TEXT, KIND_TEXT | KIND_OR_NULL),
    [QUERY_COPY_READ_SITE_KEY] =
	FINDS(&(const struct row_type)ROW(struct copied_row, site_key_copied),
	      "SELECT purpose, key FROM site_key"),
    [QUERY_COPY_WRITE_SITE_KEY] =
	RUNS("INSERT INTO site_key (purpose, key) VALUES (?1, ?2)", KIND_TEXT, KIND_BLOB),
    [QUERY_COPY_READ_ADHOC_CALLER] =
	FINDS(&(const struct row_type)ROW(struct copied_row, gateway_caller_copied),
	      "SELECT name, password_hash, api_key_hash, domains, addresses, disabled, created "
	      "FROM gateway_caller"),
    [QUERY_COPY_WRITE_ADHOC_CALLER] =
	RUNS("INSERT INTO gateway_caller (name, password_hash, api_key_hash, domains, addresses, "
	     "disabled, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	     KIND_TEXT, KIND_TEXT, KIND_BLOB | KIND_OR_NULL, KIND_TEXT, KIND_TEXT, KIND_INTEGER,
	     KIND_INTEGER),
    [QUERY_COPY_READ_USED_NONCE] =
	FINDS(&(const struct row_type)ROW(struct copied_row, used_nonce_copied),
	      "SELECT nonce, expiry FROM used_nonce"),
    [QUERY_COPY_WRITE_USED_NONCE] =
	RUNS("INSERT INTO used_nonce (nonce, expiry) VALUES (?1, ?2)", KIND_TEXT, KIND_INTEGER),
    [QUERY_COPY_READ_TOKEN_REVOCATION] =
	FINDS(&(const struct row_type)ROW(struct copied_row, token_revocation_copied),
	      "SELECT \"user\", min_iat FROM token_revocation"),
    [QUERY_COPY_WRITE_TOKEN_REVOCATION] =
	RUNS("INSERT INTO token_revocation (\"user\", min_iat) VALUES (?1, ?2)", KIND_TEXT,
	     KIND_INTEGER),
    [QUERY_COPY_READ_JID_CLAIM] =
	FINDS(&(const struct row_type)ROW(struct copied_row, jid_claim_copied),
	      "SELECT localpart, domain, owner, since FROM jid_claim"),
    [QUERY_COPY_WRITE_JID_CLAIM] =
	RUNS("INSERT INTO jid_claim (localpart, domain, owner, since) VALUES (?1, ?2, ?3, ?4)",
	     KIND_TEXT, KIND_TEXT, KIND_TEXT, KIND_INTEGER),
    [QUERY_COPY_READ_PROVISIONED] =
	FINDS(&(const struct row_type)ROW(struct copied_row, provisioned_copied),
	      "SELECT localpart, domain, xmpp_password, done, taken FROM provisioned"),
    [QUERY_COPY_WRITE_PROVISIONED] =
	RUNS("INSERT INTO provisioned (localpart, domain, xmpp_password, done, taken) VALUES (?1, "
	     "?2, ?3, ?4, ?5)",
	     KIND_TEXT, KIND_TEXT, KIND_TEXT | KIND_OR_NULL, KIND_INTEGER, KIND_INTEGER),
};
