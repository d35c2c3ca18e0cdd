/*
 * Turns an error that Tigase returns into a status and an error text. The text quotes Tigase and
 * names the next step. Pure: bytes in, bytes out.
 */
#ifndef XMPP_TIGASE_ERROR_H
#define XMPP_TIGASE_ERROR_H

#include "xmpp/adhoc_client.h"

/*
 * Sets *err to the meaning of an HTTP status other than 200. Returns STATUS_CHAT_TIMEOUT for 504,
 * otherwise STATUS_CHAT_SERVER.
 */
enum status tigase_http_error(int http_status, struct error *err);

/*
 * Returns STATUS_CHAT_SERVER if the form says that pre-bind-bosh-session made no session. STATUS_OK
 * does not mean that the form has a session; adhoc_bind.c checks its fields.
 */
enum status tigase_bind_check(const struct adhoc_form *form, struct error *err);

/* True if the form says that pre-bind-bosh-session threw an exception. */
bool tigase_bind_failed(const struct adhoc_form *form);

/*
 * Returns STATUS_OK if the form of add-user says that the account was added or already existed, and
 * sets *existed to whether it already existed. Only two texts of the form's note mean success. For
 * everything else, returns STATUS_CHAT_SERVER.
 */
enum status tigase_add_user_check(const struct adhoc_form *form, bool *existed, struct error *err);

#endif
