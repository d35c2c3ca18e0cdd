-- For login_query: Flarum 1.8 and 2, without a table prefix. Users can type their name or their e-mail address.
-- To leave out suspended users (extension flarum/suspend), add
--    AND (suspended_until IS NULL OR unixepoch(suspended_until) < :now)
SELECT username AS user, password AS password_hash
  FROM users
 WHERE (fold(username) = fold(:user) OR fold(email) = fold(:user))
   AND is_email_confirmed;
