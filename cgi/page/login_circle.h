/*
 * The site's login may send visitors straight back who are logged in there and whom no provider of
 * ours sees: a wrong cookie's name, say. They would be sent to and fro for ever. A cookie that
 * lives for seconds counts how often a browser was sent to login_url.
 */
#ifndef PAGE_LOGIN_CIRCLE_H
#define PAGE_LOGIN_CIRCLE_H

#include "page/app.h"

/*
 * Sends the visitor to login_url and counts it. False: he comes from there, once more and within
 * seconds; then nothing is sent, and the log has `login_circle`.
 */
bool login_circle_redirect(struct exchange *ex);

#endif
