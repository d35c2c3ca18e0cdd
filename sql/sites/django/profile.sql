-- For site_profile_query, with session.sql: Django's own users. If the site has another user model, use its table, key and
-- name. prebind checks the password column against the hash in the session, so a change of the password ends the session,
-- as it does in Django.
SELECT username AS user, trim(first_name || ' ' || last_name) AS display_name, password
  FROM auth_user
 WHERE id = :user
   AND is_active;
