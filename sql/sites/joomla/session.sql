-- Joomla 4 and 5, table prefix jos_ (configuration.php: $dbprefix). On PostgreSQL, use session-postgresql.sql.
--
-- site_cookie           = 0123456789abcdef0123456789abcdef   (the only cookie with a name like this: see the browser's list)
-- site_cookie_transform = none
--
-- Relies on: Global Configuration has "Session Handler" Database and "Track Session Metadata" on (both are the defaults).
-- session_id contains the unchanged value of the cookie. client_id is 0 for the site, 1 for the administration, and null
-- with shared sessions. guest is 0 after a log-in. A blocked user has block 1. A session ends 15 minutes after its last
-- page view. If "Session Lifetime" in Global Configuration is different, change the number of seconds in the query.
SELECT u.username AS user, u.name AS display_name, u.email AS email, u.id AS id
  FROM jos_session s
  JOIN jos_users u ON u.id = s.userid
 WHERE s.session_id = :sid
   AND (s.client_id = 0 OR s.client_id IS NULL)
   AND s.guest = 0
   AND u.block = 0
   AND s.time >= :now - 900;
