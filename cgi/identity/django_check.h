/*
 * The checks of a Django site for `prebindctl check`: whether the sessions in its table can be
 * read. Django's settings name the engine and the serializer, but they are Python code and are not
 * read.
 */
#ifndef IDENTITY_DJANGO_CHECK_H
#define IDENTITY_DJANGO_CHECK_H

#include "base/error.h"
#include "base/strbuf.h"
#include "conf/conf.h"
#include "identity/django_session.h"

/*
 * Reads the newest sessions that have not expired, and appends what it found to said.
 * STATUS_BAD_REQUEST: none of them can be read; err has the whole sentence.
 */
enum status django_sessions_check(const char *database, const struct django_keys *keys,
				  struct strbuf *said, struct error *err);

/*
 * Takes the failure of site_query and returns its status. If the table is missing, err names the
 * engines of Django that need none.
 */
enum status django_blame_engine(const struct site_conf *conf, enum status status,
				struct error *err);

#endif
