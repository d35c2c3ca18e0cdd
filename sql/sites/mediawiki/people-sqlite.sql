-- For people_query: MediaWiki 1.27 to 1.41, on SQLite, without a table prefix. For MediaWiki 1.42 and later, replace the
-- subquery by
--     NOT EXISTS (SELECT 1 FROM block JOIN block_target ON bt_id = bl_target WHERE bt_user = user_id AND bl_sitewide = 1
--                  AND … bl_expiry as below)
--
-- Relies on: a user who is blocked on the whole wiki has a row in ipblocks until the block ends. A user without a
-- password is an internal user of the wiki software, or has never logged in.
SELECT user_name AS user, user_real_name AS display_name
  FROM user
 WHERE (user_name = :user OR (:q <> '' AND (fold(CAST(user_name AS TEXT)) LIKE :q || '%' OR fold(CAST(user_real_name AS TEXT)) LIKE :q || '%')))
   AND user_password <> ''
   AND NOT EXISTS (SELECT 1 FROM ipblocks
                    WHERE ipb_user = user_id AND ipb_sitewide = 1
                      AND (ipb_expiry = 'infinity' OR ipb_expiry > strftime('%Y%m%d%H%M%S', 'now')))
 ORDER BY user_name
 LIMIT :limit;
