-- For login_query: Flarum 2, without a table prefix. Users may type their name or their e-mail address. To leave out
-- suspended users (extension flarum/suspend), add
--    AND (suspended_until IS NULL OR suspended_until < strftime('%Y-%m-%d %H:%M:%S', 'now'))
SELECT username AS user, password AS password_hash
  FROM users
 WHERE (fold(username) = fold(:user) OR fold(email) = fold(:user))
   AND is_email_confirmed = 1;
