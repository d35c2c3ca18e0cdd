-- phpBB 3.0 to 3.3, on SQLite, table prefix phpbb_: for login_query.
--
-- Relies on: username_clean is the name in lower case (of some letters phpBB makes more than fold() does: such names are
-- typed as they are). user_type 0 is a user and 3 a founder. phpBB hashes a password with < > & and "
-- written as in HTML: passwords with one of these do not work here.
SELECT username AS user, user_password AS password_hash
  FROM phpbb_users
 WHERE (username_clean = fold(:user) OR username = :user)
   AND user_type IN (0, 3);
