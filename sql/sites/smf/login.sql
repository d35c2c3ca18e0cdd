-- For login_query: SMF 2.1, table prefix smf_. Members may type their name or their e-mail address.
--
-- Relies on: passwd is bcrypt of the name in small letters and the password, so prebind needs the name: {SMF}. is_activated
-- is 1 for members who may log in.
SELECT member_name AS user, real_name AS display_name, '{SMF}' || lower(member_name) || passwd AS password_hash,
       is_activated <> 1 AS disabled
  FROM smf_members
 WHERE fold(member_name) = fold(:user) OR fold(email_address) = fold(:user);
