/*
 * Maps a status to its HTTP code, its short name and the words for a visitor. Details for the
 * operator are in struct error and go to the log.
 */
#include "base/status.h"

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
    [STATUS_VISITOR_LEFT] = {499, "visitor_left"          }, /* as in nginx's log; nobody reads it */
    [STATUS_INTERNAL] = {500, "internal"              },
    [STATUS_CHAT_SERVER] = {502, "chat_server"           },
    [STATUS_BUSY] = {503, "busy"                  },
    [STATUS_UNAVAILABLE] = {503, "unavailable"           },
    [STATUS_CHAT_TIMEOUT] = {504, "chat_timeout"          },
};

static const char *const titles[STATUS_COUNT] = {
    [STATUS_OK] = "Done",
    [STATUS_NOT_FOUND] = "Page not found",
    [STATUS_BAD_REQUEST] = "The request was incomplete",
    [STATUS_LOGIN_REQUIRED] = "Please log in",
    [STATUS_BAD_CREDENTIALS] = "The login failed",
    [STATUS_FORBIDDEN] = "Please open this page again",
    [STATUS_HTTPS_REQUIRED] = "A secure connection is needed",
    [STATUS_NO_CHAT_ACCOUNT] = "No chat account yet",
    [STATUS_METHOD_NOT_ALLOWED] = "This page cannot be used in that way",
    [STATUS_CONFLICT] = "That name is taken",
    [STATUS_BODY_TOO_LARGE] = "The text is too long",
    [STATUS_URI_TOO_LONG] = "The address is too long",
    [STATUS_UNSUPPORTED_MEDIA_TYPE] = "We cannot read that",
    [STATUS_HEADERS_TOO_LARGE] = "Your browser sent too much data",
    [STATUS_SLOW_DOWN] = "Please slow down",
    [STATUS_VISITOR_LEFT] = "The page was left",
    [STATUS_INTERNAL] = "Something went wrong here",
    [STATUS_CHAT_SERVER] = "The chat cannot be reached",
    [STATUS_BUSY] = "Many people are here right now",
    [STATUS_UNAVAILABLE] = "The chat is paused",
    [STATUS_CHAT_TIMEOUT] = "The chat is slow to answer",
};

/* Plain words, with what the visitor can do. */
static const char *const sentences[STATUS_COUNT] = {
    [STATUS_OK] = "Everything went well.",
    [STATUS_NOT_FOUND] = "There is no page at this address. Please check it for typing mistakes.",
    [STATUS_BAD_REQUEST] = "Please go back to the previous page, reload it and try again.",
    [STATUS_LOGIN_REQUIRED] = "Log in to this site first; then you can use the chat.",
    [STATUS_BAD_CREDENTIALS] = "Please check your user name and password and try again.",
    [STATUS_FORBIDDEN] = "For your security, we stopped here. Please open the chat again from this "
			 "site's own links.",
    [STATUS_HTTPS_REQUIRED] = "Please open this page with an address that begins with https://.",
    [STATUS_NO_CHAT_ACCOUNT] = "Your login is valid, but it has no chat account. Please ask "
			       "this site's staff for one.",
    [STATUS_METHOD_NOT_ALLOWED] = "Please open the chat from this site's own links and buttons.",
    [STATUS_CONFLICT] = "Please choose another name and try again.",
    [STATUS_BODY_TOO_LARGE] = "Please send a shorter text and try again.",
    [STATUS_URI_TOO_LONG] = "Please open the chat from this site's own links.",
    [STATUS_UNSUPPORTED_MEDIA_TYPE] = "Please use the form on this site to send it.",
    [STATUS_HEADERS_TOO_LARGE] = "Please delete this site's cookies in your browser and try again.",
    [STATUS_SLOW_DOWN] =
	"There were many attempts in a short time. Please wait a moment, then try again.",
    [STATUS_VISITOR_LEFT] = "Please open the chat again.",
    [STATUS_INTERNAL] = "This is our mistake, not yours. Please try again a little later.",
    [STATUS_CHAT_SERVER] = "The chat server refused the connection. Please try again in a moment.",
    [STATUS_BUSY] = "Please try again in a few seconds.",
    [STATUS_UNAVAILABLE] = "Please try again in a minute.",
    [STATUS_CHAT_TIMEOUT] = "The chat server did not answer in time. Please try again in a moment.",
};

/* A number outside the enum is a bug of ours. */
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

const char *status_title(enum status status)
{
	return titles[known(status)];
}

const char *status_sentence(enum status status)
{
	return sentences[known(status)];
}
