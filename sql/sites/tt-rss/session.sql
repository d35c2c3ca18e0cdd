-- Tiny Tiny RSS, the version of Debian 12 (2021), on PostgreSQL or MariaDB.
--
-- site_cookie          = ttrss_sid             (TTRSS_SESSION_NAME; over https some versions add _ssl)
-- site_result          = php_session           (data is a session of PHP, in base64; prebind reads it)
-- php_session_user     = uid
-- php_session_password = pwd_hash              (it must still be the user's password hash, as in tt-rss)
-- site_profile_query   = profile.sql           (finds the user by the user's number)
--
-- Relies on: expire is the session's end, in seconds since 1970. A log-out deletes the row.
--
-- Not checked here: tt-rss also compares the name of the browser with the name in the session.
SELECT data AS session_data, expire AS expires_s
  FROM ttrss_sessions
 WHERE id = :sid;
