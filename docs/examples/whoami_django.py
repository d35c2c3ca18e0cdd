"""For a Django site: prebind requests /whoami to find out who is logged in (site_http_url).

    urlpatterns = [path("whoami", whoami), ...]

Do not use @login_required for this view, because it would redirect.
"""
from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache


@never_cache
def whoami(request):
    user = request.user
    if not user.is_authenticated:
        return HttpResponse(status=401)  # never a redirect to the login
    return JsonResponse({
        "user": user.get_username(),
        "display_name": user.get_full_name() or None,
        "expires": int(request.session.get_expiry_date().timestamp()),
    })
