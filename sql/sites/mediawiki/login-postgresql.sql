-- For login_query: MediaWiki 1.27 to 1.41, on PostgreSQL, without a table prefix. For MediaWiki 1.42 and later, replace
-- the subquery by
--     EXISTS (SELECT 1 FROM block JOIN block_target ON bt_id = bl_target WHERE bt_user = user_id AND bl_sitewide = 1
--              AND … bl_expiry as below)
--
-- Relies on: a name begins with a capital letter, but the user can also type a small first letter. A user who is
-- blocked on the whole wiki cannot log in until the block ends.
SELECT user_name AS user, user_real_name AS display_name, user_password AS password_hash,
       EXISTS (SELECT 1 FROM ipblocks
                WHERE ipb_user = user_id AND ipb_sitewide = 1
                  AND ipb_expiry > now()) AS disabled
  FROM mwuser
 WHERE user_name IN (:user, upper(substr(:user, 1, 1)) || substr(:user, 2));
