-- With a rule that contains {user|lower}, the program finds the user of an account by the folded name. This is the name in
-- composed form (NFC) and in lower case, in every script. COLLATE NOCASE is not enough, because it folds only ASCII
-- letters. fold() is a function of this program, so the code that adds a user writes the column.

DROP INDEX site_user_folded;
ALTER TABLE site_user ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE site_user SET folded = fold(name);
CREATE INDEX site_user_folded ON site_user (folded);
