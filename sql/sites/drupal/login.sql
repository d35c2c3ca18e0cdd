-- For login_query: Drupal 8 to 11, without a table prefix. Relies on: uid 0 is the anonymous user. Blocked users
-- have status 0. A user has one row for each language; one of them has default_langcode 1.
SELECT name AS user, pass AS password_hash, status = 0 AS disabled
  FROM users_field_data
 WHERE fold(name) = fold(:user)
   AND uid > 0
   AND default_langcode = 1;
