/*
 * What `prebindctl check` says of a Django site: can the sessions that are in its table be read?
 * Which engine and serializer Django uses is written in its settings, which are Python and not
 * read.
 */
#ifndef IDENTITY_DJANGO_CHECK_H
#define IDENTITY_DJANGO_CHECK_H

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"
#include "identity/django_session.h"

/*
 * Looks at the newest sessions that are not over, and appends to said what it saw.
 * STATUS_BAD_REQUEST: none of them can be read; err has the whole sentence.
 */
enum status django_sessions_check(const char *database, const struct django_keys *keys,
				  struct strbuf *said, struct error *err);

/*
 * Takes the failure of site_query and returns its status. Where the table is missing, err names the
 * engines of Django that need none.
 */
enum status django_blame_engine(const struct site_conf *conf, enum status status,
				struct error *err);

#endif
