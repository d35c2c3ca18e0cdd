-- This migration does nothing. It exists so that the numbers are the same as in ../migrations, where 0012 replaces the
-- index of 0009. All PostgreSQL databases were created with 0012 or later.

SELECT 1;
