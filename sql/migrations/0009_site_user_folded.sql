-- For a rule with {user|lower} the program also looks up the user of an account. The case of letters in the user's name
-- may differ. Without this index the program would read all users.

CREATE INDEX site_user_folded ON site_user (name COLLATE NOCASE);
