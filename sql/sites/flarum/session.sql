-- Flarum 1.8 and 2, without a table prefix. On SQLite and PostgreSQL, the query works only with Flarum 2. The query finds
-- only visitors who logged in with "remember me". Other sessions are in files that only Flarum can read.
--
-- site_cookie           = flarum_remember
-- site_cookie_transform = none
--
-- Relies on: access_tokens.token contains the unchanged value of the cookie. A token of type session_remember is valid
-- for five years after its last use. If a user has not confirmed the e-mail address, Flarum shows this user only what
-- guests see. This query does not find these users. To leave out suspended users (extension flarum/suspend), add
--    AND (u.suspended_until IS NULL OR unixepoch(u.suspended_until) < :now)
SELECT u.username AS user
  FROM access_tokens t
  JOIN users u ON u.id = t.user_id
 WHERE t.token = :sid
   AND t.type = 'session_remember'
   AND u.is_email_confirmed
   AND unixepoch(t.last_activity_at) > :now - 157680000;
