-- For login_query: Django's own users. If the site has another user model, use its table and column names. Of Django's
-- hashers prebind verifies PBKDF2 with SHA-256 (the default) and Argon2.
SELECT username AS user, trim(first_name || ' ' || last_name) AS display_name, password AS password_hash,
       is_active = 0 AS disabled
  FROM auth_user
 WHERE username = :user;
