-- phpBB 3.1 to 3.3, on SQLite, table prefix phpbb_.
--
-- site_cookie           = phpbb3_xxxxx_sid    (ACP, Cookie settings: the cookie name, with _sid behind it)
-- site_cookie_transform = none
--
-- Relies on: phpbb_sessions.session_id holds the cookie as it is. user_type 0 is a user and 3 a founder; 1 is inactive
-- and 2 a guest or a bot, who has a session, too.
--
-- A session ends when phpBB ends it. Without "remember me" it lasts for session_length and a minute more after its last
-- page. With "remember me" (session_autologin) it lasts as long as the board allows that at all (allow_autologin), and
-- for max_autologin_time days (0: without end), less a minute. All three are in phpbb_config: ACP, Security settings
-- and Load settings.
--
-- Not asked here: phpBB also compares the visitor's address and browser with the session's (ip_check, browser_check,
-- forwarded_for_check). A query is given neither. Bans need no column: phpBB deletes the sessions of whom it bans.
SELECT u.username AS user
  FROM phpbb_sessions s
  JOIN phpbb_users u ON u.user_id = s.session_user_id
 WHERE s.session_id = :sid
   AND u.user_type IN (0, 3)
   AND CASE WHEN s.session_autologin = 0
            THEN s.session_time >= :now - 60 -
                 (SELECT CAST(config_value AS INTEGER) FROM phpbb_config WHERE config_name = 'session_length')
            ELSE (SELECT CAST(config_value AS INTEGER) FROM phpbb_config WHERE config_name = 'allow_autologin') <> 0
             AND (SELECT CAST(config_value AS INTEGER) = 0
                      OR s.session_time >= :now + 60 - 86400 * CAST(config_value AS INTEGER)
                    FROM phpbb_config WHERE config_name = 'max_autologin_time')
       END;
