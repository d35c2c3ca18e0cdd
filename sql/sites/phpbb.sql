-- phpBB 3.1 to 3.3, on SQLite, table prefix phpbb_.
--
-- site_cookie           = phpbb3_xxxxx_sid    (ACP, Cookie settings: the cookie name, with _sid behind it)
-- site_cookie_transform = none
--
-- Relies on: phpbb_sessions.session_id holds the cookie as it is. user_type 0 is a user and 3 a founder; 1 is inactive
-- and 2 a guest or a bot, who has a session, too. A session counts for an hour after its last page, phpBB's
-- default session length (config session_length); it is not bound to the visitor's address here, phpBB's own check.
SELECT u.username AS user
  FROM phpbb_sessions s
  JOIN phpbb_users u ON u.user_id = s.session_user_id
 WHERE s.session_id = :sid
   AND u.user_type IN (0, 3)
   AND s.session_time > :now - 3660;
