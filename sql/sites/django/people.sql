-- For people_query: Django's own users. If the site has another user model, use the table and column names of that model.
SELECT username AS user, trim(first_name || ' ' || last_name) AS display_name
  FROM auth_user
 WHERE (username = :user
        OR (:q <> '' AND (fold(trim(first_name || ' ' || last_name)) LIKE :q || '%' OR fold(last_name) LIKE :q || '%'
                          OR fold(username) LIKE :q || '%')))
   AND is_active
 ORDER BY first_name, last_name, username
 LIMIT :limit;
