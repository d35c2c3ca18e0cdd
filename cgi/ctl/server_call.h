/*
 * Requests a page from the running server through the server's own socket, as a web server does.
 * Verbs use it to show what only the server knows.
 */
#ifndef CTL_SERVER_CALL_H
#define CTL_SERVER_CALL_H

#include "ctl/ctl.h"

/*
 * Gets the page as JSON from the site of ctl, or from the first site if ctl->site is NULL.
 * Initializes *body and stores the answer's body in it. Returns STATUS_NOT_FOUND if the server has
 * no such page.
 */
enum status server_call(const struct ctl *ctl, const char *path, struct strbuf *body,
			struct error *err);

#endif
