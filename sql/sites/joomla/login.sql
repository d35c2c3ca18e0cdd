-- For login_query: Joomla 4 and 5, table prefix jos_ (configuration.php: $dbprefix).
--
-- Relies on: a blocked user has block 1. activation is empty after the user has confirmed the e-mail address.
SELECT username AS user, name AS display_name, password AS password_hash,
       CASE WHEN block <> 0 OR coalesce(activation, '') NOT IN ('', '0') THEN 1 ELSE 0 END AS disabled
  FROM jos_users
 WHERE fold(username) = fold(:user);
