/*
 * All SQL that is used while serving, in SQLite's dialect. The comment above a query lists its
 * parameters ?1, ?2 … in order. SQL is never built from parts.
 */
#include "store/connection.h"

#define USER_COLUMNS    "id, name, display_name, password_hash, disabled"
#define SESSION_COLUMNS "source, user, created, last_seen, password_mac"
#define JID_MAP_COLUMNS "source, user, localpart, domain, xmpp_password"
#define GATEWAY_COLUMNS "name, password_hash, api_key_hash, domains, addresses, disabled, created"

const char *const catalogue[QUERY_COUNT] = {
    [QUERY_PING] = "SELECT count(*) FROM (SELECT 1 FROM site_key LIMIT 1)",

    [QUERY_DATABASE_SITE_FIND] = "SELECT site FROM database_site WHERE id = 1",
    /* site */
    [QUERY_DATABASE_SITE_SET] = "INSERT INTO database_site (id, site) VALUES (1, ?1)"
				" ON CONFLICT (id) DO UPDATE SET site = ?1",

    /* name */
    [QUERY_USER_FIND] = "SELECT " USER_COLUMNS " FROM site_user WHERE name = ?1",
    /* folded name. A second row means that the name is not unique. */
    [QUERY_USER_FIND_FOLDED] =
	"SELECT " USER_COLUMNS " FROM site_user WHERE folded = ?1 ORDER BY name LIMIT 2",
    /* folded name */
    [QUERY_USER_FIND_ALIKE] = "SELECT " USER_COLUMNS " FROM site_user WHERE folded = ?1",
    /* name, hash, now, folded name */
    [QUERY_USER_ADD] =
	"INSERT INTO site_user (name, password_hash, created, folded) VALUES (?1, ?2, ?3, ?4)",
    /* name, hash */
    [QUERY_USER_SET_PASSWORD] = "UPDATE site_user SET password_hash = ?2 WHERE name = ?1",
    /* name, hash, previous hash */
    [QUERY_USER_REHASH] =
	"UPDATE site_user SET password_hash = ?2 WHERE name = ?1 AND password_hash = ?3",
    /* name, 0 or 1 */
    [QUERY_USER_SET_DISABLED] = "UPDATE site_user SET disabled = ?2 WHERE name = ?1",
    /* name */
    [QUERY_USER_DELETE] = "DELETE FROM site_user WHERE name = ?1",
    [QUERY_USER_LIST] = "SELECT " USER_COLUMNS " FROM site_user ORDER BY name",

    /* token hash */
    [QUERY_SESSION_FIND] = "SELECT " SESSION_COLUMNS " FROM login_session WHERE token_hash = ?1",
    /* token hash, now, the latest last_seen to overwrite */
    [QUERY_SESSION_TOUCH] = "UPDATE login_session SET last_seen = ?2"
			    " WHERE token_hash = ?1 AND last_seen <= ?3",
    /*
     * token hash, source, user, now, MAC of the site's password hash or null, hash of our own user
     * at the password check. Inserts nothing if our own user has been deleted or disabled since, or
     * has another password.
     */
    [QUERY_SESSION_ADD] =
	"INSERT INTO login_session"
	" (token_hash, source, user, created, last_seen, password_mac)"
	" SELECT ?1, ?2, ?3, ?4, ?4, ?5"
	" WHERE ?2 <> 'login' OR ?5 IS NOT NULL OR EXISTS (SELECT 1 FROM site_user"
	" WHERE name = ?3 AND disabled = 0 AND password_hash = ?6)",
    /* source, user, how many of the newest to keep */
    [QUERY_SESSION_EVICT] =
	"DELETE FROM login_session WHERE token_hash IN"
	" (SELECT token_hash FROM login_session WHERE source = ?1 AND user = ?2"
	" ORDER BY created DESC, last_seen DESC, token_hash LIMIT -1 OFFSET ?3)",
    /* the latest last_seen to delete, maximum of rows */
    [QUERY_SESSION_PURGE] =
	"DELETE FROM login_session WHERE token_hash IN"
	" (SELECT token_hash FROM login_session WHERE last_seen <= ?1 ORDER BY last_seen LIMIT ?2)",
    /* token hash */
    [QUERY_SESSION_END] = "DELETE FROM login_session WHERE token_hash = ?1",
    /* source, user */
    [QUERY_SESSION_END_USER] = "DELETE FROM login_session WHERE source = ?1 AND user = ?2",
    [QUERY_SESSION_END_ALL] = "DELETE FROM login_session",
    [QUERY_SESSION_LIST] =
	"SELECT " SESSION_COLUMNS " FROM login_session ORDER BY source, user, created",

    /* source, user */
    [QUERY_JID_MAP_FIND] =
	"SELECT " JID_MAP_COLUMNS " FROM jid_map WHERE source = ?1 AND user = ?2",
    /* localpart, domain */
    [QUERY_JID_MAP_FIND_ACCOUNT] =
	"SELECT " JID_MAP_COLUMNS " FROM jid_map WHERE localpart = ?1 AND domain = ?2",
    /*
     * source, user, localpart, domain, password or null. Null keeps the password only if the
     * account stays the same.
     */
    [QUERY_JID_MAP_SET] =
	"INSERT INTO jid_map (" JID_MAP_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)"
	" ON CONFLICT (source, user) DO UPDATE SET xmpp_password = CASE"
	" WHEN excluded.xmpp_password IS NULL AND jid_map.localpart = excluded.localpart"
	" AND jid_map.domain = excluded.domain THEN jid_map.xmpp_password"
	" ELSE excluded.xmpp_password END,"
	" localpart = excluded.localpart, domain = excluded.domain",
    /* source, user */
    [QUERY_JID_MAP_DELETE] = "DELETE FROM jid_map WHERE source = ?1 AND user = ?2",
    /* The list does not contain passwords. */
    [QUERY_JID_MAP_LIST] =
	"SELECT source, user, localpart, domain, NULL FROM jid_map ORDER BY source, user",

    /* localpart, domain */
    [QUERY_JID_CLAIM_FIND] = "SELECT owner FROM jid_claim WHERE localpart = ?1 AND domain = ?2",
    /* localpart, domain, owner. An existing row is kept. */
    [QUERY_JID_CLAIM_ADD] = "INSERT INTO jid_claim (localpart, domain, owner) VALUES (?1, ?2, ?3)"
			    " ON CONFLICT (localpart, domain) DO NOTHING",

    /* localpart, domain */
    [QUERY_PROVISIONED_FIND] =
	"SELECT xmpp_password, done FROM provisioned WHERE localpart = ?1 AND domain = ?2",
    /* localpart, domain, password or null. An existing row is kept. */
    [QUERY_PROVISIONED_ADD] =
	"INSERT INTO provisioned (localpart, domain, xmpp_password) VALUES (?1, ?2, ?3)"
	" ON CONFLICT (localpart, domain) DO NOTHING",
    /*
     * localpart, domain, seconds of a lease. Changes nothing if the account exists or another lease
     * is running.
     */
    [QUERY_PROVISIONED_TAKE] =
	"UPDATE provisioned SET taken = unixepoch() WHERE localpart = ?1 AND domain = ?2"
	" AND done = 0 AND (taken <= unixepoch() - ?3 OR taken > unixepoch())",
    /* localpart, domain, 0 or 1 */
    [QUERY_PROVISIONED_END] =
	"UPDATE provisioned SET done = ?3, taken = 0 WHERE localpart = ?1 AND domain = ?2",

    /* the latest expiry to delete, maximum of rows */
    [QUERY_USED_NONCE_PURGE] =
	"DELETE FROM used_nonce WHERE nonce IN"
	" (SELECT nonce FROM used_nonce WHERE expiry <= ?1 ORDER BY expiry LIMIT ?2)",
    /* nonce, expiry */
    [QUERY_USED_NONCE_ADD] = "INSERT INTO used_nonce (nonce, expiry) VALUES (?1, ?2)",

    /* name */
    [QUERY_GATEWAY_FIND] = "SELECT " GATEWAY_COLUMNS " FROM gateway_caller WHERE name = ?1",
    /* name, hash, API key's hash or null, domains, addresses, now */
    [QUERY_GATEWAY_ADD] = "INSERT INTO gateway_caller (name, password_hash, api_key_hash, domains,"
			  " addresses, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    /* name, hash */
    [QUERY_GATEWAY_SET_PASSWORD] = "UPDATE gateway_caller SET password_hash = ?2 WHERE name = ?1",
    /* name, 0 or 1 */
    [QUERY_GATEWAY_SET_DISABLED] = "UPDATE gateway_caller SET disabled = ?2 WHERE name = ?1",
    /* name */
    [QUERY_GATEWAY_DELETE] = "DELETE FROM gateway_caller WHERE name = ?1",
    [QUERY_GATEWAY_LIST] = "SELECT " GATEWAY_COLUMNS " FROM gateway_caller ORDER BY name",

    /* user */
    [QUERY_TOKEN_REVOCATION_FIND] = "SELECT min_iat FROM token_revocation WHERE user = ?1",
    /* user, time. The later time is kept. */
    [QUERY_TOKEN_REVOCATION_SET] =
	"INSERT INTO token_revocation (user, min_iat) VALUES (?1, ?2)"
	" ON CONFLICT (user) DO UPDATE SET min_iat = max(min_iat, excluded.min_iat)",
    /* the first time to keep */
    [QUERY_TOKEN_REVOCATION_PURGE] = "DELETE FROM token_revocation WHERE min_iat < ?1",

    /* purpose */
    [QUERY_SITE_KEY_FIND] = "SELECT key FROM site_key WHERE purpose = ?1",
    /* purpose, key. An existing key is kept. */
    [QUERY_SITE_KEY_ADD] =
	"INSERT INTO site_key (purpose, key) VALUES (?1, ?2) ON CONFLICT (purpose) DO NOTHING",
    [QUERY_SITE_KEY_FORGET] = "DELETE FROM site_key",

    /* The database of the limits; limit_file.c creates its tables. Bucket id */
    [QUERY_LIMIT_FIND] = "SELECT credit, stamp FROM bucket WHERE id = ?1",
    /* bucket id, credit, stamp, time when it is full */
    [QUERY_LIMIT_SET] = "INSERT INTO bucket (id, credit, stamp, full_at) VALUES (?1, ?2, ?3, ?4)"
			" ON CONFLICT (id) DO UPDATE SET credit = excluded.credit,"
			" stamp = excluded.stamp, full_at = excluded.full_at",
    /* now, maximum of rows. A full bucket means the same as no row. */
    [QUERY_LIMIT_PURGE] = "DELETE FROM bucket WHERE id IN (SELECT id FROM bucket"
			  " WHERE full_at <= ?1 ORDER BY full_at LIMIT ?2)",
    /* how many rows. Deletes those that are full soonest. */
    [QUERY_LIMIT_EVICT] =
	"DELETE FROM bucket WHERE id IN (SELECT id FROM bucket ORDER BY full_at LIMIT ?1)",

    /* In the same file. URL */
    [QUERY_UPSTREAM_FIND] = "SELECT state FROM upstream WHERE url = ?1",
    /* URL, state */
    [QUERY_UPSTREAM_SET] = "INSERT INTO upstream (url, state) VALUES (?1, ?2)"
			   " ON CONFLICT (url) DO UPDATE SET state = excluded.state",
};
