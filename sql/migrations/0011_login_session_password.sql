-- If a session began with a password from the site's own table (login_query), it ends when that password changes. To detect
-- the change, prebind stores an HMAC-SHA-256 of the site's password hash. The key of the HMAC is the session's token, which
-- only the browser has.
-- password_mac is NULL if the session began without such a password. Sessions of login_query that are older than this
-- column count as ended.

ALTER TABLE login_session ADD COLUMN password_mac BLOB CHECK (password_mac IS NULL OR length(password_mac) = 32);
