/*
 * Prevents endless redirects between us and the site's login. Endless redirects occur if the site
 * considers a visitor logged in but our providers do not, for example because the configured cookie
 * name is wrong. A short-lived cookie counts how often a browser was redirected to login_url.
 */
#ifndef PAGE_LOGIN_CIRCLE_H
#define PAGE_LOGIN_CIRCLE_H

#include "page/app.h"

/*
 * Redirects the visitor to login_url and counts the redirect. If the browser has returned too often
 * within a few seconds, sends no redirect, logs `login_circle` and returns false.
 */
bool login_circle_redirect(struct exchange *ex);

#endif
