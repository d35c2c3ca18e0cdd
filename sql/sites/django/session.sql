-- Django 3.1 and later, with sessions in the database (SESSION_ENGINE = django.contrib.sessions.backends.db, the
-- default, or cached_db).
--
-- site_cookie        = sessionid              (SESSION_COOKIE_NAME)
-- site_result        = django                 (session_data is signed and packed; prebind checks and unpacks it)
-- site_secret_file   = a file with SECRET_KEY
-- site_profile_query = profile.sql            (finds the user by the user's number)
--
-- Relies on: expire_date is UTC (USE_TZ = True, the default since Django 5).
--
-- Not checked here: Django also requires that the session's authentication back end is still in AUTHENTICATION_BACKENDS.
SELECT session_data, expire_date AS expires_iso
  FROM django_session
 WHERE session_key = :sid;
