-- phpBB 3.1 to 3.3, table prefix phpbb_.
--
-- site_cookie           = phpbb3_xxxxx_sid    (ACP, Cookie settings: the cookie name, followed by _sid)
-- site_cookie_transform = none
--
-- Relies on: phpbb_sessions.session_id contains the unchanged value of the cookie. user_type is 0 for users, 1 for
-- inactive users, 2 for guests and bots, and 3 for founders. Guests and bots have sessions too.
--
-- A session ends at the same time as in phpBB. Without "remember me", a session ends session_length seconds and a minute
-- after the last page view. With "remember me" (session_autologin), a session ends a minute before max_autologin_time
-- days have passed. If max_autologin_time is 0, this session does not end. A session with "remember me" also ends when
-- the board forbids "remember me" (allow_autologin). All three settings are in phpbb_config: ACP, Security settings and
-- Load settings.
--
-- Not checked here: phpBB also compares the visitor's address and browser with those of the session (ip_check,
-- browser_check, forwarded_for_check). The query cannot do this, because it gets neither the address nor the browser. The
-- query does not have to check bans, because phpBB deletes the sessions of a banned user.
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
