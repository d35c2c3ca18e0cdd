-- For people_query: phpBB 3.1 to 3.3, table prefix phpbb_.
--
-- Relies on: username_clean is the name in lower case, and has an index. user_type 0 is a user and 3 a founder. A banned
-- user has a row in phpbb_banlist. An uploaded avatar is shown by download/file.php; if the board is not at the root of its
-- host, write its path before it.
SELECT u.username AS user,
       CASE u.user_avatar_type WHEN 'avatar.driver.upload' THEN '/download/file.php?avatar=' || u.user_avatar
                               WHEN 'avatar.driver.remote' THEN u.user_avatar
                               ELSE '' END AS picture
  FROM phpbb_users u
 WHERE (u.username = :user OR (:q <> '' AND u.username_clean LIKE :q || '%'))
   AND u.user_type IN (0, 3)
   AND NOT EXISTS (SELECT 1 FROM phpbb_banlist b
                    WHERE b.ban_userid = u.user_id AND b.ban_exclude = 0 AND (b.ban_end = 0 OR b.ban_end > :now))
 ORDER BY u.username_clean
 LIMIT :limit;
