-- For login_query: MyBB 1.8, table prefix mybb_. Needs allow_weak_hashes = on, because MyBB's hash is a salted MD5.
--
-- Relies on: mybb_users.password is MD5(MD5(salt) || MD5(the user's password)). prebind needs the salt to check the hash,
-- so the query returns {MyBB}, the salt and the hash. usergroups.isbannedgroup is 1 for banned users. Group 5 contains
-- the users whose account is not activated.
SELECT u.username AS user, '{MyBB}' || u.salt || '$' || u.password AS password_hash,
       CASE WHEN u.usergroup = 5 OR u.usergroup IN (SELECT g.gid FROM mybb_usergroups g WHERE g.isbannedgroup = 1)
            THEN 1 ELSE 0 END AS disabled
  FROM mybb_users u
 WHERE fold(u.username) = fold(:user);
