-- Trac 1.0 to 1.6, on SQLite: after /login, which the web server guards, Trac keeps a cookie.
--
-- site_cookie           = trac_auth
-- site_cookie_transform = none
--
-- Relies on: auth_cookie.cookie holds the cookie as it is, and auth_cookie.time when it was given out. It counts for ten
-- days: so old ones Trac itself deletes. With auth_cookie_lifetime in trac.ini, write that many seconds.
SELECT a.name AS user, n.value AS display_name
  FROM auth_cookie a
  LEFT JOIN session_attribute n ON n.sid = a.name AND n.authenticated = 1 AND n.name = 'name'
 WHERE a.cookie = :sid
   AND a.time > :now - 864000;
