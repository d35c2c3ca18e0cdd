-- For people_query: Nextcloud 25 and later, table prefix oc_: its own users, not those of LDAP and the like. Nextcloud may be
-- set not to complete names ("Sharing"); then do not use this query.
--
-- Relies on: a user whom an administrator has switched off has `enabled` false in oc_preferences. The picture is Nextcloud's
-- own, which it shows to whoever is logged in there.
SELECT u.uid AS user, coalesce(u.displayname, '') AS display_name, '/index.php/avatar/' || u.uid || '/64' AS picture
  FROM oc_users u
 WHERE (u.uid = :user OR (:q <> '' AND (fold(u.displayname) LIKE :q || '%' OR u.uid_lower LIKE :q || '%')))
   AND NOT EXISTS (SELECT 1 FROM oc_preferences p
                    WHERE p.userid = u.uid AND p.appid = 'core' AND p.configkey = 'enabled' AND p.configvalue = 'false')
 ORDER BY u.displayname
 LIMIT :limit;
