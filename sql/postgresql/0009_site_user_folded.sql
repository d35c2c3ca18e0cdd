-- Like ../migrations/0009_site_user_folded.sql, whose index 0012 replaces. No database of PostgreSQL is older.

SELECT 1;
