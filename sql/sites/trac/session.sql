-- Trac 1.0 to 1.6. The web server asks for the password at /login. After the log-in, Trac identifies the user by a
-- cookie.
--
-- site_cookie           = trac_auth
-- site_cookie_transform = none
--
-- Relies on: auth_cookie.cookie contains the unchanged value of the cookie. auth_cookie.time is the time when Trac sent
-- it. Trac accepts a cookie until the cookie's row is deleted. At each log-in, Trac deletes the rows that are older than
-- ten days. So a cookie is valid for ten days here. auth_cookie_lifetime in trac.ini changes only how long the browser
-- keeps the cookie.
--
-- Not checked here: if check_auth_ip is on, Trac compares the visitor's address with auth_cookie.ipnr. The query cannot
-- do this, because it does not get the address.
-- If ignore_auth_case = true in trac.ini, write lower(a.name) instead of a.name.
SELECT a.name AS user, n.value AS display_name
  FROM auth_cookie a
  LEFT JOIN session_attribute n ON n.sid = a.name AND n.authenticated = 1 AND n.name = 'name'
 WHERE a.cookie = :sid
   AND a.time >= :now - 864000;
