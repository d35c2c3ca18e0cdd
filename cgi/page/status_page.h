/*
 * The page of /status. Internal to page/.
 */
#ifndef PAGE_STATUS_PAGE_H
#define PAGE_STATUS_PAGE_H

#include "page/page.h"
#include "page/status_report.h"

/* Sends the page, or an error if the site has no template for it. */
void status_page_send(struct exchange *ex, const struct status_report *report);

#endif
