-- A session that began with a password of the site's own table (login_query) ends when that password changes: what
-- prebind keeps is HMAC-SHA-256 of the site's hash, keyed with the session's token, which only the browser has.
-- NULL: no such password. Sessions of login_query from before this column are over.

ALTER TABLE login_session ADD COLUMN password_mac BLOB CHECK (password_mac IS NULL OR length(password_mac) = 32);
