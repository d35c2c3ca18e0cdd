-- For people_query: phpBB 3.1 to 3.3, table prefix phpbb_.
--
-- Relies on: username_clean is the name in lower case, and has an index. user_type is 0 for users and 3 for founders. A
-- banned user has a row in phpbb_banlist. download/file.php shows an uploaded avatar. If the board is not at the root of
-- the host, write the board's path before /download/file.php.
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
