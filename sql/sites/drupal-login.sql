-- Drupal 8 to 11, on SQLite, without a table prefix: for login_query. Relies on: uid 0 is the anonymous user; status 0 is
-- blocked; default_langcode picks one of a user's rows.
SELECT name AS user, pass AS password_hash, status = 0 AS disabled
  FROM users_field_data
 WHERE fold(name) = fold(:user)
   AND uid > 0
   AND default_langcode = 1;
