-- Django's own users, for site_profile_query beside django.sql. With another user model: its table, its key and its
-- name. prebind compares the password with the session's hash of it: who has changed it is logged out, as by Django.
SELECT username AS user, trim(first_name || ' ' || last_name) AS display_name, password
  FROM auth_user
 WHERE id = :user
   AND is_active = 1;
