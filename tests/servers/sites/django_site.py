"""A Django site with its sessions in files: /login?user=NAME, /logout, and the example's /whoami."""
import importlib.util
import os
import sys

import django
from django.conf import settings
from django.core.management import call_command

SESSIONS = os.environ["SESSIONS"]
settings.configure(
    SECRET_KEY="only for this test",
    ALLOWED_HOSTS=["django.example.org"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": SESSIONS + "/users.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    SESSION_ENGINE="django.contrib.sessions.backends.file",
    SESSION_FILE_PATH=SESSIONS,
    USE_TZ=True,
)
sys.modules["django_site"] = sys.modules[__name__]
django.setup()

from django.contrib import auth  # noqa: E402: needs the settings
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

spec = importlib.util.spec_from_file_location("whoami_django", os.environ["EXAMPLE"])
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)


def login(request):
    name = request.GET["user"]
    user, _ = auth.get_user_model().objects.get_or_create(username=name, first_name=name.capitalize(), last_name="of Django")
    auth.login(request, user)
    return HttpResponse("in")


def logout(request):
    auth.logout(request)
    return HttpResponse("out")


urlpatterns = [path("whoami", example.whoami), path("login", login), path("logout", logout)]
call_command("migrate", verbosity=0)
call_command("runserver", "127.0.0.1:" + os.environ["PORT"], use_reloader=False)
