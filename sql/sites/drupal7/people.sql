-- For people_query: Drupal 7, without a table prefix. Relies on: uid 0 is the anonymous user. Blocked users have status 0.
SELECT name AS user
  FROM users
 WHERE (name = :user OR (:q <> '' AND fold(name) LIKE :q || '%'))
   AND uid > 0
   AND status = 1
 ORDER BY name
 LIMIT :limit;
