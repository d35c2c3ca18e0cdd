-- A session that began with a password of the site's own table (login_query) ends when that password changes. prebind
-- keeps the HMAC-SHA-256 of the site's hash. Its key is the session's token, which only the browser has.
-- NULL: the session began without such a password. Sessions of login_query that are older than this column have ended.

ALTER TABLE login_session ADD COLUMN password_mac BLOB CHECK (password_mac IS NULL OR length(password_mac) = 32);
