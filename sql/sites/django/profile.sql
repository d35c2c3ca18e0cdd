-- For site_profile_query, with session.sql: Django's own users. If the site has another user model, use its table, key and
-- name. prebind compares the password with its hash in the session. After a change of the password the session is over,
-- as it is in Django.
SELECT username AS user, trim(first_name || ' ' || last_name) AS display_name, password
  FROM auth_user
 WHERE id = :user
   AND is_active;
