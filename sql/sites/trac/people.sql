-- For people_query: Trac 1.0 to 1.6. Relies on: the table session has a row with authenticated = 1 for each user who has
-- ever logged in.
SELECT s.sid AS user, n.value AS display_name
  FROM session s
  LEFT JOIN session_attribute n ON n.sid = s.sid AND n.authenticated = 1 AND n.name = 'name'
 WHERE (s.sid = :user OR (:q <> '' AND (fold(n.value) LIKE :q || '%' OR fold(s.sid) LIKE :q || '%')))
   AND s.authenticated = 1
 ORDER BY s.sid
 LIMIT :limit;
