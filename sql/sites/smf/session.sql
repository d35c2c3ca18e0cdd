-- SMF 2.1, table prefix smf_.
--
-- site_cookie           = PHPSESSID             (PHP's session.name)
-- site_cookie_transform = none
--
-- Relies on: smf_log_online has a row for each member who has opened a page of the forum in the last minutes; the column
-- `session` contains PHP's session id. For guests, id_member is 0, and `session` contains the guest's address. A log-out
-- deletes the row. is_activated is 1 for members who are allowed to log in; it is greater than 10 for banned members. A
-- row is valid for lastActive minutes (Features and Options, "User online time threshold").
--
-- Not checked here: SMF also compares the name of the browser with the name in the session. After a password change, the
-- member's other sessions stay valid here until the rows of these sessions are lastActive minutes old.
SELECT m.member_name AS user, m.real_name AS display_name, m.email_address AS email, m.id_member AS id
  FROM smf_log_online o
  JOIN smf_members m ON m.id_member = o.id_member
 WHERE o.session = :sid
   AND o.id_member > 0
   AND m.is_activated = 1
   AND o.log_time >= :now - 60 * (SELECT CAST('0' || t.value AS DECIMAL) FROM smf_settings t WHERE t.variable = 'lastActive');
