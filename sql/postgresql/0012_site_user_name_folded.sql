-- Like ../migrations/0012_site_user_name_folded.sql. There are no users yet, so no names have to be folded.
-- This migration also creates the tables of the limits. With SQLite, the limits are in a separate file (see
-- cgi/store/limit_file.c). The tables are UNLOGGED, because their rows can be lost in a crash.

ALTER TABLE site_user ADD COLUMN folded TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX site_user_folded ON site_user (folded);

CREATE UNLOGGED TABLE bucket (
	id            BYTEA   PRIMARY KEY,
	credit        BIGINT  NOT NULL,
	stamp         BIGINT  NOT NULL,
	full_at       BIGINT  NOT NULL
);

CREATE INDEX bucket_full ON bucket (full_at);

CREATE UNLOGGED TABLE upstream (
	url           TEXT    COLLATE "C" PRIMARY KEY,
	state         TEXT    COLLATE "C" NOT NULL
);
