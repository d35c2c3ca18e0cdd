/*
 * Asks the running server for a page. The request goes to the server's own socket, as from a web
 * server. For the verbs that show what the server knows.
 */
#ifndef CTL_SERVER_CALL_H
#define CTL_SERVER_CALL_H

#include "ctl/ctl.h"

/*
 * Gets the page as JSON from the site of ctl, or from the first site if ctl has none. Initializes
 * body and fills it with the answer's body. Returns STATUS_NOT_FOUND if the server has no such
 * page.
 */
enum status server_call(const struct ctl *ctl, const char *path, struct strbuf *body,
			struct error *err);

#endif
