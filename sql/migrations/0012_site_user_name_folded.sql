-- With {user|lower} an account leads back to the user by the folded name: composed (NFC), and in small letters of every
-- script. COLLATE NOCASE knew the letters of ASCII only. fold() is this program's; whoever adds a user writes the column.

DROP INDEX site_user_folded;
ALTER TABLE site_user ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE site_user SET folded = fold(name);
CREATE INDEX site_user_folded ON site_user (folded);
