-- For people_query: MediaWiki 1.27 to 1.41, on MariaDB or MySQL, without a table prefix. For MediaWiki 1.42 and later,
-- replace the subquery by
--     NOT EXISTS (SELECT 1 FROM block JOIN block_target ON bt_id = bl_target WHERE bt_user = user_id AND bl_sitewide = 1
--                  AND … bl_expiry as below)
--
-- Relies on: a user who is blocked on the whole wiki has a row in ipblocks until the block ends. A user without a
-- password is an internal user of the wiki software, or has never logged in.
SELECT user_name AS user, user_real_name AS display_name
  FROM user
 WHERE (user_name = :user OR (:q <> '' AND (lower(CAST(user_name AS CHAR)) LIKE :q || '%' OR lower(CAST(user_real_name AS CHAR)) LIKE :q || '%')))
   AND user_password <> ''
   AND NOT EXISTS (SELECT 1 FROM ipblocks
                    WHERE ipb_user = user_id AND ipb_sitewide = 1
                      AND (ipb_expiry = 'infinity' OR ipb_expiry > date_format(now(), '%Y%m%d%H%i%s')))
 ORDER BY user_name
 LIMIT :limit;
