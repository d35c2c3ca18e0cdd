-- For site_profile_query, with session.sql: Roundcube's users. username is the name on the IMAP server. If that name is an
-- e-mail address which is also the user's JID, add the column: username AS jid
SELECT username AS user
  FROM users
 WHERE user_id = :user;
