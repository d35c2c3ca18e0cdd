-- For people_query: Drupal 8 to 11, without a table prefix. Relies on: uid 0 is the anonymous user. Blocked users have
-- status 0. A user has one row for each language; one of them has default_langcode 1.
SELECT name AS user
  FROM users_field_data
 WHERE (name = :user OR (:q <> '' AND fold(name) LIKE :q || '%'))
   AND uid > 0
   AND status = 1
   AND default_langcode = 1
 ORDER BY name
 LIMIT :limit;
