-- For login_query: Trac 1.0 to 1.6, if the plugin AccountManager stores the users in the database with
--     password_store = SessionStore
--     hash_method    = HtPasswdHashMethod
-- Needs allow_weak_hashes = on, because these hashes are apr1. Without this plugin the web server has the passwords, not
-- Trac.
--
-- Relies on: session_attribute has a row `password` for each user, and authenticated is 1 for users.
SELECT a.sid AS user, a.value AS password_hash
  FROM session_attribute a
 WHERE a.sid = :user
   AND a.authenticated = 1
   AND a.name = 'password';
