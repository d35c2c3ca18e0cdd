-- Roundcube 1.5 and 1.6, on SQLite or PostgreSQL, without a table prefix. On MariaDB, use session-mariadb.sql.
--
-- site_cookie        = roundcube_sessid        (session_name)
-- site_result        = php_session             (vars is a session of PHP, in base64; prebind reads it)
-- php_session_user   = user_id
-- site_profile_query = profile.sql             (finds the user by the user's number)
--
-- Relies on: session_storage is 'db', the default. A session has no user_id before the log-in. The log-out deletes the
-- session's row. Roundcube accepts a session for 15 minutes after its last change, which is one and a half times
-- session_lifetime.
--
-- Not checked here: Roundcube also checks a second cookie, roundcube_sessauth. With ip_check, Roundcube also compares the
-- visitor's address.
SELECT vars AS session_data
  FROM session
 WHERE sess_id = :sid
   AND unixepoch(changed) >= :now - 900;
