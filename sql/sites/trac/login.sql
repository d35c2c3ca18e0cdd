-- For login_query: Trac 1.0 to 1.6 whose users are in the database: the plugin AccountManager with
--     password_store = SessionStore
--     hash_method    = HtPasswdHashMethod
-- With allow_weak_hashes = on, because these hashes are apr1. Trac without this plugin keeps no passwords; the web server does.
--
-- Relies on: session_attribute has a row `password` for each user, and authenticated is 1 for users.
SELECT a.sid AS user, a.value AS password_hash
  FROM session_attribute a
 WHERE a.sid = :user
   AND a.authenticated = 1
   AND a.name = 'password';
