-- phpBB 3.1 to 3.3, table prefix phpbb_.
--
-- site_cookie           = phpbb3_xxxxx_sid    (ACP, Cookie settings: the cookie name, followed by _sid)
-- site_cookie_transform = none
--
-- Relies on: phpbb_sessions.session_id holds the cookie as it is. user_type 0 is a user and 3 a founder. 1 is an
-- inactive user. 2 is a guest or a bot; these have sessions too.
--
-- A session ends when phpBB ends it. Without "remember me" it ends session_length seconds and a minute after its last page.
-- With "remember me" (session_autologin) it ends a minute before max_autologin_time days have passed (0: it does not end).
-- Such a session also ends when the board forbids "remember me" (allow_autologin). All three settings are in
-- phpbb_config: ACP, Security settings and Load settings.
--
-- Not checked here: phpBB also compares the visitor's address and browser with those of the session (ip_check,
-- browser_check, forwarded_for_check). A query gets neither. Bans need no column: phpBB deletes a banned user's sessions.
SELECT u.username AS user
  FROM phpbb_sessions s
  JOIN phpbb_users u ON u.user_id = s.session_user_id
 WHERE s.session_id = :sid
   AND u.user_type IN (0, 3)
   AND CASE WHEN s.session_autologin = 0
            THEN s.session_time >= :now - 60 -
                 (SELECT CAST('0' || config_value AS DECIMAL) FROM phpbb_config WHERE config_name = 'session_length')
            ELSE (SELECT config_value FROM phpbb_config WHERE config_name = 'allow_autologin') NOT IN ('', '0')
             AND (SELECT CAST('0' || config_value AS DECIMAL) = 0
                      OR s.session_time >= :now + 60 - 86400 * CAST('0' || config_value AS DECIMAL)
                    FROM phpbb_config WHERE config_name = 'max_autologin_time')
       END;
