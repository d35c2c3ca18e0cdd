-- For login_query: Nextcloud 25 and later, table prefix oc_: its own users, not those of LDAP and the like.
--
-- Relies on: uid_lower is the name in small letters. A user whom an administrator has switched off has `enabled` false in
-- oc_preferences. A second factor is not asked for here.
SELECT u.uid AS user, u.displayname AS display_name, u.password AS password_hash,
       EXISTS (SELECT 1 FROM oc_preferences p
                WHERE p.userid = u.uid AND p.appid = 'core' AND p.configkey = 'enabled'
                  AND p.configvalue = 'false') AS disabled
  FROM oc_users u
 WHERE u.uid_lower = fold(:user);
