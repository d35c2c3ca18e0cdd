-- With a rule that contains {user|lower}, the program finds the user of an account by name, ignoring case. Without this
-- index, the program would have to read all users.

CREATE INDEX site_user_folded ON site_user (name COLLATE NOCASE);
