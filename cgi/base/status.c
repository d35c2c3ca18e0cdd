/*
 * Maps a status to its HTTP code, its short name and the words for a visitor. Details for the
 * operator are in struct error and go to the log.
 */
#include "base/status_texts.h"

struct status_row {
	int http;
	const char *name;
};

static const struct status_row rows[STATUS_COUNT] = {
    [STATUS_OK] = {200, "ok"                    },
    [STATUS_NOT_FOUND] = {404, "not_found"             },
    [STATUS_BAD_REQUEST] = {400, "bad_request"           },
    [STATUS_LOGIN_REQUIRED] = {401, "login_required"        },
    [STATUS_BAD_CREDENTIALS] = {401, "bad_credentials"       },
    [STATUS_FORBIDDEN] = {403, "forbidden"             },
    [STATUS_HTTPS_REQUIRED] = {403, "https_required"        },
    [STATUS_NO_CHAT_ACCOUNT] = {403, "no_chat_account"       },
    [STATUS_METHOD_NOT_ALLOWED] = {405, "method_not_allowed"    },
    [STATUS_CONFLICT] = {409, "conflict"              },
    [STATUS_BODY_TOO_LARGE] = {413, "body_too_large"        },
    [STATUS_URI_TOO_LONG] = {414, "uri_too_long"          },
    [STATUS_UNSUPPORTED_MEDIA_TYPE] = {415, "unsupported_media_type"},
    [STATUS_HEADERS_TOO_LARGE] = {431, "headers_too_large"     },
    [STATUS_SLOW_DOWN] = {429, "slow_down"             },
    [STATUS_VISITOR_LEFT] = {499, "visitor_left"          }, /* nginx's code; the client has left */
    [STATUS_INTERNAL] = {500, "internal"              },
    [STATUS_CHAT_SERVER] = {502, "chat_server"           },
    [STATUS_BUSY] = {503, "busy"                  },
    [STATUS_UNAVAILABLE] = {503, "unavailable"           },
    [STATUS_CHAT_TIMEOUT] = {504, "chat_timeout"          },
};

/* Returns STATUS_INTERNAL for a number outside the enum, which is a bug of ours. */
static enum status known(enum status status)
{
	return (int)status >= 0 && status < STATUS_COUNT ? status : STATUS_INTERNAL;
}

int status_http(enum status status)
{
	return rows[known(status)].http;
}

const char *status_name(enum status status)
{
	return rows[known(status)].name;
}

static const struct status_text *text_of(enum status status)
{
	const struct status_text *text = &status_texts[known(status)];

	return text->title != NULL ? text : &status_texts[STATUS_INTERNAL];
}

const char *status_title(enum status status)
{
	return text_of(status)->title;
}

const char *status_sentence(enum status status)
{
	return text_of(status)->sentence;
}
