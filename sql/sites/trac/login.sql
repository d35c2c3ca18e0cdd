-- For login_query: Trac 1.0 to 1.6, if the plugin AccountManager stores the users in the database with
--     password_store = SessionStore
--     hash_method    = HtPasswdHashMethod
-- Needs allow_weak_hashes = on, because these hashes are apr1. Without this plugin, the passwords are in the web server's
-- files and not in Trac's database.
--
-- Relies on: the table session_attribute has a row with name = 'password' for each user. authenticated is 1 for users.
SELECT a.sid AS user, a.value AS password_hash
  FROM session_attribute a
 WHERE a.sid = :user
   AND a.authenticated = 1
   AND a.name = 'password';
