-- For people_query: WordPress 2.5 and later, on MariaDB or MySQL (on SQLite with the plugin SQLite Database Integration), table
-- prefix wp_. It returns no pictures, because Gravatar's addresses are made in PHP.
--
-- In a network of sites (multisite) this finds the users of all sites. To find only the members of one site, such as site
-- 2, add
--    AND EXISTS (SELECT c.umeta_id FROM wp_usermeta c WHERE c.user_id = u.ID AND c.meta_key = 'wp_2_capabilities')
-- and to leave out users who are marked as spam, add
--    AND u.spam = 0 AND u.deleted = 0
SELECT u.user_login AS user, u.display_name AS display_name, u.ID AS id
  FROM wp_users u
 WHERE (u.user_login = :user
        OR (:q <> '' AND (fold(u.display_name) LIKE :q || '%' OR fold(u.user_login) LIKE :q || '%')))
 ORDER BY u.display_name
 LIMIT :limit;
