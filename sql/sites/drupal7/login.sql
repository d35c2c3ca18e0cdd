-- For login_query: Drupal 7, without a table prefix. Relies on: uid 0 is the anonymous user. Blocked users have
-- status 0.
SELECT name AS user, pass AS password_hash, status = 0 AS disabled
  FROM users
 WHERE fold(name) = fold(:user)
   AND uid > 0;
