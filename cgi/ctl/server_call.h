/*
 * Asks the running server for a page, on its own socket and as a web server does. For the verbs
 * that show what the server knows.
 */
#ifndef CTL_SERVER_CALL_H
#define CTL_SERVER_CALL_H

#include "ctl/ctl.h"

/*
 * Gets the page as JSON, from the site of ctl or from the first one. body: is initialised and gets
 * the answer's body. STATUS_NOT_FOUND: the server has no such page.
 */
enum status server_call(const struct ctl *ctl, const char *path, struct strbuf *body,
			struct error *err);

#endif
