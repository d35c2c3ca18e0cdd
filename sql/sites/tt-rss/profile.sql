-- For site_profile_query, with session.sql: the users of Tiny Tiny RSS. A password change ends the session.
SELECT login AS user, full_name AS display_name, pwd_hash AS password
  FROM ttrss_users
 WHERE id = :user
   AND access_level >= 0;
