-- For login_query: Nextcloud 25 and later, table prefix oc_. Only for users whose passwords are in Nextcloud's database,
-- not for users of LDAP or of another external server.
--
-- Relies on: uid_lower is the name in lower case. If an administrator has disabled a user, `enabled` is false in
-- oc_preferences. prebind does not ask for a second factor.
SELECT u.uid AS user, u.displayname AS display_name, u.password AS password_hash,
       EXISTS (SELECT 1 FROM oc_preferences p
                WHERE p.userid = u.uid AND p.appid = 'core' AND p.configkey = 'enabled'
                  AND p.configvalue = 'false') AS disabled
  FROM oc_users u
 WHERE u.uid_lower = fold(:user);
