-- For login_query: phpBB 3.0 to 3.3, table prefix phpbb_.
--
-- Relies on: username_clean is the name in lower case. phpBB also changes some letters that fold() does not change. A
-- user whose name contains one of these letters must type the name exactly. user_type is 0 for users and 3 for founders.
-- phpBB escapes < > & and " as in HTML before it hashes a password, so a password with one of these characters does not
-- work here.
SELECT username AS user, user_password AS password_hash
  FROM phpbb_users
 WHERE (username_clean = fold(:user) OR username = :user)
   AND user_type IN (0, 3);
