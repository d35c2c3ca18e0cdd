-- Drupal 8 to 11, without a table prefix.
--
-- site_cookie           = SSESSxxxxxxxx       (over http SESSxxxxxxxx: see the browser's list of cookies)
-- site_cookie_transform = drupal              (the table has the base64url of the cookie's SHA-256)
--
-- Relies on: users_field_data.status is 1 if a user is not blocked. uid 0 is the anonymous user. A user has one row for
-- each language; one of them has default_langcode 1. A session is valid for 200000 s after its last page view. This time
-- is Drupal's gc_maxlifetime (services.yml, session.storage.options).
SELECT u.name AS user
  FROM sessions s
  JOIN users_field_data u ON u.uid = s.uid
 WHERE s.sid = :sid
   AND u.uid > 0
   AND u.status = 1
   AND u.default_langcode = 1
   AND s.timestamp >= :now - 200000;
