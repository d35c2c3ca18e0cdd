-- MediaWiki 1.27 to 1.41, on SQLite, without a table prefix: for login_query. (From 1.42 on, blocks are in the tables block and
-- block_target.)
--
-- Relies on: a name begins with a capital letter, which may be typed as a small one. Who is blocked on the whole wiki is left
-- out until the block ends.
SELECT user_name AS user, user_real_name AS display_name, user_password AS password_hash,
       EXISTS (SELECT 1 FROM ipblocks
                WHERE ipb_user = user_id AND ipb_sitewide = 1
                  AND (ipb_expiry = 'infinity' OR ipb_expiry > strftime('%Y%m%d%H%M%S', 'now'))) AS disabled
  FROM user
 WHERE user_name IN (:user, upper(substr(:user, 1, 1)) || substr(:user, 2));
