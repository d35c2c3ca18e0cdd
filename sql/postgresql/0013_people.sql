-- Like ../migrations/0013_people.sql. There are no users with a display name yet, so no display names have to be folded.

ALTER TABLE site_user ADD COLUMN display_folded TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX site_user_display_folded ON site_user (display_folded) WHERE display_folded <> '';
CREATE INDEX site_user_display_name ON site_user (lower(display_name) COLLATE "C")
	WHERE display_folded = '' AND display_name <> '';
