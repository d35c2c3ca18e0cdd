/*
 * The table of all paths that the program serves. Each row declares the input that the handler
 * accepts, and the conditions for calling the handler. page/gate.c checks the conditions. The
 * handlers of /metrics and /status ask page/operator.c whether the visitor is allowed to read them.
 * All other paths get a 404. The web server itself serves the static files.
 */
#include "account/people.h"
#include "identity/guest.h"
#include "identity/token_text.h"
#include "page/page.h"
#include "password/password.h"
#include "store/user.h"
#include "web/csrf.h"
#include "web/request_limits.h"

#define NEXT_MAX    512
#define API_KEY_MAX 128 /* in bytes; our own keys have 43 */
#define TYPE_MAX    64

static const struct param health_query[] = {
    {"deep", 1}
};
static const struct param login_query[] = {
    {"next", NEXT_MAX}
};
static const struct param login_form[] = {
    {"user",     USER_NAME_MAX },
    {"password", PASSWORD_MAX  },
    {"next",     NEXT_MAX      },
    {"token",    CSRF_TOKEN_LEN},
    {"sso",      TOKEN_JWT_MAX },
};
static const struct param prebind_form[] = {
    {"bind", 3             },
    {"name", GUEST_NAME_MAX},
};
static const struct param logout_form[] = {
    {"token", CSRF_TOKEN_LEN}
};
static const struct param people_query[] = {
    {"q",    PEOPLE_Q_MAX     },
    {"user", USER_NAME_MAX    },
    {"jid",  PEOPLE_JIDS_BYTES},
};
static const struct param adhoc_query[] = {
    {"api-key", API_KEY_MAX},
    {"type",    TYPE_MAX   },
};

#define PARAMS(list)                                                                               \
	{                                                                                          \
		.items = (list), .count = sizeof(list) / sizeof((list)[0])                         \
	}

const struct route page_routes[] = {
    {
     .path = "/",
     .methods = HTTP_GET | HTTP_HEAD,
     .needs = NEED_USER | NEED_JID | GUEST_MAY,
     .handle = chat_handle,
     },
    {
     .path = "/login",
     .methods = HTTP_GET | HTTP_POST,
     .needs = NEED_SAME_ORIGIN | NEED_LOGIN_TOKEN,
     .query = PARAMS(login_query),
     .form = PARAMS(login_form),
     .body_max = BODY_LOGIN_MAX,
     .handle = login_handle,
     },
    {
     .path = "/logout",
     .methods = HTTP_POST,
     .needs = NEED_SAME_ORIGIN | NEED_SESSION_TOKEN,
     .form = PARAMS(logout_form),
     .body_max = BODY_LOGOUT_MAX,
     .handle = logout_handle,
     },
    {
     .path = "/prebind.json",
     .methods = HTTP_GET | HTTP_POST,
     .needs = NEED_SAME_ORIGIN | NEED_FETCH | NEED_USER | NEED_JID | GUEST_MAY,
     .speaks = SPEAKS_JSON,
     .form = PARAMS(prebind_form),
     .body_max = BODY_BIND_MAX,
     .handle = prebind_json_handle,
     },
    {
     .path = "/credentials.json",
     .methods = HTTP_GET | HTTP_POST,
     .needs = NEED_CREDENTIALS | NEED_SAME_ORIGIN | NEED_FETCH | NEED_USER | NEED_JID,
     .speaks = SPEAKS_JSON,
     .body_max = BODY_BIND_MAX,
     .handle = credentials_json_handle,
     },
    {
     .path = "/people.json",
     .methods = HTTP_GET,
     .needs = NEED_PEOPLE | NEED_FETCH | NEED_VISITOR,
     .speaks = SPEAKS_JSON,
     .query = PARAMS(people_query),
     .handle = people_handle,
     },
    {
     .path = "/health",
     .methods = HTTP_GET,
     .speaks = SPEAKS_JSON,
     .query = PARAMS(health_query),
     .when_closed = true,
     .handle = health_handle,
     },
    {
     .path = "/metrics",
     .methods = HTTP_GET,
     .speaks = SPEAKS_JSON,
     .when_closed = true,
     .handle = metrics_handle,
     },
    {
     .path = "/status",
     .methods = HTTP_GET,
     .speaks = SPEAKS_PAGES,
     .when_closed = true,
     .handle = status_handle,
     },
    {
     .path = "/rest/adhoc/{jid}",
     .methods = HTTP_GET | HTTP_POST,
     .needs = NEED_ADHOC,
     .speaks = SPEAKS_ADHOC,
     .query = PARAMS(adhoc_query),
     .body_max = BODY_ADHOC_MAX,
     .handle = adhoc_handle,
     },
};
const size_t page_routes_count = sizeof(page_routes) / sizeof(page_routes[0]);
