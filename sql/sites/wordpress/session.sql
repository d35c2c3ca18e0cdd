-- WordPress 4.0 and later, on MariaDB or MySQL (on SQLite with the plugin SQLite Database Integration), table prefix wp_.
--
-- site_cookie      = (empty)                  (the cookie is wordpress_logged_in_…; the secret file has its name)
-- site_result      = wordpress                (prebind verifies the cookie with these columns)
-- site_secret_file = a file for the site's keys, which `prebindctl wordpress import WP-CONFIG.PHP` writes
--
-- Relies on: wp_usermeta contains all sessions of a user in one value. If a user has several of these values, WordPress
-- reads only the first value.
--
-- In a network of sites (multisite) this finds the users of all sites. To find only the members of one site, such as site
-- 2, add
--    AND EXISTS (SELECT c.umeta_id FROM wp_usermeta c WHERE c.user_id = u.ID AND c.meta_key = 'wp_2_capabilities')
-- and to leave out users who are marked as spam, add
--    AND u.spam = 0 AND u.deleted = 0
SELECT u.user_login AS user, u.user_pass AS password_hash, u.display_name AS display_name, u.ID AS id,
       (SELECT m.meta_value FROM wp_usermeta m
         WHERE m.user_id = u.ID AND m.meta_key = 'session_tokens'
         ORDER BY m.umeta_id LIMIT 1) AS session_tokens
  FROM wp_users u
 WHERE u.user_login = :user;
