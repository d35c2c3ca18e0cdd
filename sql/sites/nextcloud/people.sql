-- For people_query: Nextcloud 25 and later, table prefix oc_. Only for users whose passwords are in Nextcloud's database,
-- not for users of LDAP or of another external server. If Nextcloud does not complete names (Administration settings,
-- "Sharing"), do not use this query.
--
-- Relies on: if an administrator has disabled a user, `enabled` is false in oc_preferences. Nextcloud shows a user's
-- picture to everybody who is logged in at Nextcloud.
SELECT u.uid AS user, coalesce(u.displayname, '') AS display_name, '/index.php/avatar/' || u.uid || '/64' AS picture
  FROM oc_users u
 WHERE (u.uid = :user OR (:q <> '' AND (fold(u.displayname) LIKE :q || '%' OR u.uid_lower LIKE :q || '%')))
   AND NOT EXISTS (SELECT 1 FROM oc_preferences p
                    WHERE p.userid = u.uid AND p.appid = 'core' AND p.configkey = 'enabled' AND p.configvalue = 'false')
 ORDER BY u.displayname
 LIMIT :limit;
