-- Drupal 7, on SQLite, without a table prefix: for login_query. Relies on: uid 0 is the anonymous user; status 0 is blocked.
SELECT name AS user, pass AS password_hash, status = 0 AS disabled
  FROM users
 WHERE fold(name) = fold(:user)
   AND uid > 0;
