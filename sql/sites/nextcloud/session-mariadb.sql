-- Nextcloud 25 and later, on MariaDB or MySQL, table prefix oc_. Copy this file, and replace SECRET with the value of
-- `secret` (config/config.php). Only prebind's user must be able to read the copy.
--
-- site_cookie           = oc0123456789          (`instanceid` in config/config.php)
-- site_cookie_transform = none
--
-- Relies on: oc_authtoken.token is the SHA-512 of the cookie followed by the secret. type is 0 for a browser's session,
-- and 1 for an app's password. password_invalid is set when the password has changed. A log-out deletes the row. A
-- session ends a day after its last page view (session_lifetime). With "remember me", a session ends 15 days after its
-- last page view (remember_login_cookie_lifetime). If an administrator has disabled a user, `enabled` is false in
-- oc_preferences. oc_preferences has a row login_token_2fa for the session until the user has given a second factor.
SELECT t.uid AS user, u.displayname AS display_name
  FROM oc_authtoken t
  LEFT JOIN oc_users u ON u.uid = t.uid
 WHERE t.token = sha2(:sid || 'SECRET', 512)
   AND t.type = 0
   AND CASE WHEN t.password_invalid THEN 1 ELSE 0 END = 0
   AND (t.expires IS NULL OR t.expires > :now)
   AND t.last_activity >= :now - CASE WHEN t.remember = 1 THEN 1296000 ELSE 86400 END
   AND NOT EXISTS (SELECT 1 FROM oc_preferences p
                    WHERE p.userid = t.uid AND p.appid = 'core' AND p.configkey = 'enabled' AND p.configvalue = 'false')
   AND NOT EXISTS (SELECT 1 FROM oc_preferences p
                    WHERE p.userid = t.uid AND p.appid = 'login_token_2fa' AND p.configkey = t.id || '');
