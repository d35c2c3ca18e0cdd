/*
 * prebindctl check: reports the rights of the database account in `site_database`. Prints the
 * statements that create an account with only the rights that the site's queries need.
 */
#include "conf/site_uri.h"
#include "ctl/report.h"
#include "sitedb/grants.h"

/* `beyond` lists the account's rights in addition to reading; it is "" if there are none. */
static void tell(const struct report *report, bool provider_failed, const char *beyond)
{
	struct strbuf said;
	struct error err;

	if (beyond[0] == '\0' && !provider_failed)
		return;
	strbuf_init(&said);
	if (beyond[0] != '\0')
		strbuf_addf(&said,
			    "the database account has more than read access (%s), so a fault in "
			    "prebind could change the site's data; ",
			    beyond);
	strbuf_adds(&said, "an account with only these rights is enough: ");
	if (grants_write(report->ctl->conf, report->site, &said, &err) == STATUS_OK &&
	    strbuf_ok(&said))
		report_note(report, "site_database", said.data);
	strbuf_clear(&said);
}

void check_grants(struct report *report, bool provider_failed)
{
	struct strbuf beyond;
	struct error err;

	if (site_uri_kind(report->site->site_database) == SITE_URI_PATH)
		return;
	strbuf_init(&beyond);
	if (grants_beyond(report->site, &beyond, &err) != STATUS_OK)
		strbuf_reset(&beyond);
	tell(report, provider_failed, beyond.data);
	strbuf_clear(&beyond);
}
