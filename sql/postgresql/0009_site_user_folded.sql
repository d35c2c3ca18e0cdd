-- Does nothing, so that the numbers are those of ../migrations. There, migration 0012 replaces the index of 0009. No
-- PostgreSQL database is older than 0012.

SELECT 1;
