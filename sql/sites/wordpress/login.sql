-- For login_query: WordPress 2.5 and later, on MariaDB or MySQL (on SQLite with the plugin SQLite Database Integration),
-- table prefix wp_. Users can type their name, in upper or lower case, or their e-mail address. The query reads all
-- users. If there are more than 100,000 users, compare only u.user_login = :user, because this comparison uses the index.
--
-- In a network of sites (multisite), add this to leave out users who are marked as spam: AND u.spam = 0 AND u.deleted = 0
SELECT u.user_login AS user, u.user_pass AS password_hash, u.display_name AS display_name
  FROM wp_users u
 WHERE lower(u.user_login) = lower(:user)
    OR lower(u.user_email) = lower(:user);
