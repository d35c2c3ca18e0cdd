-- For people_query: MyBB 1.8, table prefix mybb_.
--
-- Relies on: usergroups.isbannedgroup is 1 for banned users. Group 5 contains the users whose account is not activated.
-- avatar begins with ./ if the picture is a file of the forum. If the forum is not at the root of the host, write the
-- forum's path instead of '/'.
SELECT u.username AS user,
       CASE WHEN u.avatar LIKE './%' THEN '/' || substr(u.avatar, 3) ELSE u.avatar END AS picture
  FROM mybb_users u
 WHERE (u.username = :user OR (:q <> '' AND fold(u.username) LIKE :q || '%'))
   AND u.usergroup <> 5
   AND u.usergroup NOT IN (SELECT g.gid FROM mybb_usergroups g WHERE g.isbannedgroup = 1)
 ORDER BY u.username
 LIMIT :limit;
