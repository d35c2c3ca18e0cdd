-- Drupal 7, without a table prefix, served over https.
--
-- site_cookie           = SSESSxxxxxxxx       (SSESS and 32 hexadecimal digits: see the browser's list of cookies)
-- site_cookie_transform = none
--
-- Relies on: sessions.ssid contains the unchanged value of the secure cookie. uid 0 is the anonymous user. status is 1 if
-- a user is not blocked. A session is valid for 200000 s after its last page view. This time is Drupal 7's
-- session.gc_maxlifetime (settings.php).
SELECT u.name AS user
  FROM sessions s
  JOIN users u ON u.uid = s.uid
 WHERE s.ssid = :sid
   AND s.ssid <> ''
   AND u.uid > 0
   AND u.status = 1
   AND s.timestamp >= :now - 200000;
