-- A rule with {user|lower} is followed back from an account to the user, whose name may have other letters' case:
-- without this index by reading all users.

CREATE INDEX site_user_folded ON site_user (name COLLATE NOCASE);
