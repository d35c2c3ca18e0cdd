-- For site_profile_query, with session.sql: Roundcube's users. username is the name on the IMAP server. If this name is
-- an e-mail address and also the user's JID, add the column: username AS jid
SELECT username AS user
  FROM users
 WHERE user_id = :user;
