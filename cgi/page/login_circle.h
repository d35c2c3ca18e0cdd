/*
 * Prevents endless redirects between us and the site's login. They would occur if the site finds a
 * visitor logged in but our providers do not, for example because a cookie's name is wrong. A
 * short-lived cookie counts how often a browser was sent to login_url.
 */
#ifndef PAGE_LOGIN_CIRCLE_H
#define PAGE_LOGIN_CIRCLE_H

#include "page/app.h"

/*
 * Redirects the visitor to login_url and counts the redirect. Returns false if the browser has come
 * straight back too often. In that case it sends no redirect and logs `login_circle`.
 */
bool login_circle_redirect(struct exchange *ex);

#endif
