-- For people_query: SMF 2.1, table prefix smf_.
--
-- Relies on: is_activated is 1 for members who are allowed to log in; it is greater than 10 for banned members. avatar
-- can contain the address of a picture on another host; add that host to picture_origins.
SELECT member_name AS user, real_name AS display_name, CASE WHEN avatar LIKE 'https://%' THEN avatar ELSE '' END AS picture,
       email_address AS email, id_member AS id
  FROM smf_members
 WHERE (member_name = :user OR (:q <> '' AND (fold(real_name) LIKE :q || '%' OR fold(member_name) LIKE :q || '%')))
   AND is_activated = 1
 ORDER BY real_name
 LIMIT :limit;
