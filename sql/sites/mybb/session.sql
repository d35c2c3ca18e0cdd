-- MyBB 1.8, table prefix mybb_.
--
-- site_cookie           = mybbuser              (if the board has a cookie prefix in its settings, write it before this name)
-- site_cookie_transform = none
--
-- Relies on: the cookie is the user's number, an underscore and loginkey. MyBB makes a new loginkey when the password
-- changes. usergroups.isbannedgroup is 1 for banned users. Group 5 contains the users whose account is not activated.
--
-- A log-out at MyBB only removes the cookie from the browser. A copy of the cookie stays valid until the password
-- changes, both here and at the board. The query reads all users. If there are more than 100,000 users, add an index on
-- loginkey and this line:
--    AND u.loginkey IN (substr(:sid, 3), substr(:sid, 4), substr(:sid, 5), substr(:sid, 6), substr(:sid, 7), substr(:sid, 8))
SELECT u.username AS user, u.email AS email, u.uid AS id
  FROM mybb_users u
 WHERE u.uid || '_' || u.loginkey = :sid
   AND u.loginkey <> ''
   AND u.usergroup <> 5
   AND u.usergroup NOT IN (SELECT g.gid FROM mybb_usergroups g WHERE g.isbannedgroup = 1);
