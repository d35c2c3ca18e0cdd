-- For site_profile_query, with session.sql: Django's own users. If the site has another user model, use the table, the
-- key and the name column of that model. prebind compares the password column with the hash in the session, so a password
-- change ends the session, as in Django.
SELECT username AS user, trim(first_name || ' ' || last_name) AS display_name, password
  FROM auth_user
 WHERE id = :user
   AND is_active;
