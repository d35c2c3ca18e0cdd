-- For login_query: WordPress 2.5 and later, on MariaDB or MySQL (on SQLite with the plugin SQLite Database Integration), table
-- prefix wp_. Users may type their name, in any case of its letters, or their e-mail address. This reads all users; on a site
-- with more than 100 000 of them, compare only u.user_login = :user, which uses the index.
--
-- In a network of sites (multisite), leave out users who are marked as spam: AND u.spam = 0 AND u.deleted = 0
SELECT u.user_login AS user, u.user_pass AS password_hash, u.display_name AS display_name
  FROM wp_users u
 WHERE lower(u.user_login) = lower(:user)
    OR lower(u.user_email) = lower(:user);
