-- Flarum 2, without a table prefix: for login_query. People may type their name or their e-mail address. Suspended users
-- (extension flarum/suspend) are left out by adding
--    AND (suspended_until IS NULL OR suspended_until < strftime('%Y-%m-%d %H:%M:%S', 'now'))
SELECT username AS user, password AS password_hash
  FROM users
 WHERE (fold(username) = fold(:user) OR fold(email) = fold(:user))
   AND is_email_confirmed = 1;
