-- A search finds people by the beginning of their name or display name, in upper or lower case. The code that sets a
-- display name also writes display_folded. The last index is for display names that another program wrote without
-- display_folded.

ALTER TABLE site_user ADD COLUMN display_folded TEXT NOT NULL DEFAULT '';
UPDATE site_user SET display_folded = fold(display_name) WHERE display_name <> '';
CREATE INDEX site_user_display_folded ON site_user (display_folded) WHERE display_folded <> '';
CREATE INDEX site_user_display_name ON site_user (display_name COLLATE NOCASE)
	WHERE display_folded = '' AND display_name <> '';
