-- Like ../migrations/0011_login_session_password.sql.

ALTER TABLE login_session ADD COLUMN password_mac BYTEA CHECK (length(password_mac) = 32);
