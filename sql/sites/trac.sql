-- Trac 1.0 to 1.6, on SQLite: after /login, which the web server guards, Trac keeps a cookie.
--
-- site_cookie           = trac_auth
-- site_cookie_transform = none
--
-- Relies on: auth_cookie.cookie holds the cookie as it is, and auth_cookie.time when it was given out. Trac believes a
-- cookie until its row is gone. With each log-in it deletes the rows that are older than ten days, so a cookie counts
-- for ten days here. auth_cookie_lifetime in trac.ini changes only how long the browser keeps the cookie.
--
-- Not asked here: check_auth_ip compares the visitor's address with auth_cookie.ipnr. A query is not given the address.
-- With ignore_auth_case = true write lower(a.name).
SELECT a.name AS user, n.value AS display_name
  FROM auth_cookie a
  LEFT JOIN session_attribute n ON n.sid = a.name AND n.authenticated = 1 AND n.name = 'name'
 WHERE a.cookie = :sid
   AND a.time >= :now - 864000;
