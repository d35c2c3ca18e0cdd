-- For people_query: Joomla 4 and 5, table prefix jos_ (configuration.php: $dbprefix).
--
-- Relies on: a blocked user has block 1. activation is empty after the user has confirmed the e-mail address.
SELECT username AS user, name AS display_name, email AS email, id AS id
  FROM jos_users
 WHERE (username = :user OR (:q <> '' AND (fold(name) LIKE :q || '%' OR fold(username) LIKE :q || '%')))
   AND block = 0
   AND coalesce(activation, '') IN ('', '0')
 ORDER BY name
 LIMIT :limit;
