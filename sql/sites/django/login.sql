-- For login_query: Django's own users. If the site has another user model, use the table and column names of that model.
-- prebind can verify two of Django's password hashes: PBKDF2 with SHA-256 (the default) and Argon2.
SELECT username AS user, trim(first_name || ' ' || last_name) AS display_name, password AS password_hash,
       NOT is_active AS disabled
  FROM auth_user
 WHERE username = :user;
