-- For login_query: SMF 2.1, table prefix smf_. Members can type their name or their e-mail address.
--
-- Relies on: passwd is the bcrypt hash of the name in lower case followed by the password. prebind needs the name to
-- check the hash, so the query returns {SMF}, the name and the hash. is_activated is 1 for members who are allowed to log
-- in.
SELECT member_name AS user, real_name AS display_name, '{SMF}' || lower(member_name) || passwd AS password_hash,
       is_activated <> 1 AS disabled
  FROM smf_members
 WHERE fold(member_name) = fold(:user) OR fold(email_address) = fold(:user);
