-- For people_query: Flarum 1.8 and 2, without a table prefix. If the site has the extension flarum/nicknames, add
--    nickname AS display_name
-- and search the column nickname in the same way as username. To leave out suspended users (extension flarum/suspend),
-- add
--    AND (suspended_until IS NULL OR unixepoch(suspended_until) < :now)
SELECT username AS user,
       CASE WHEN avatar_url LIKE 'https://%' THEN avatar_url
            WHEN avatar_url <> '' THEN '/assets/avatars/' || avatar_url
            ELSE '' END AS picture
  FROM users
 WHERE (username = :user OR (:q <> '' AND fold(username) LIKE :q || '%'))
   AND is_email_confirmed
 ORDER BY username
 LIMIT :limit;
