/*
 * Django's other session engines store nothing in the database. Sessions of its older serializer,
 * or under another SECRET_KEY, cannot be read.
 */
#include "identity/django_check.h"

#include <string.h>

#include "store/site_rows.h"

#define TABLE "django_session"

#define OTHER_ENGINES                                                                              \
	"SESSION_ENGINE is cache, file or signed_cookies, which are not read (db and cached_db "   \
	"are)"

static const char newest[] =
    "SELECT session_data FROM " TABLE " WHERE expire_date > strftime('%Y-%m-%d %H:%M:%f', 'now')"
    " ORDER BY expire_date DESC LIMIT 50";

struct count {
	const struct django_keys *keys;
	long sessions;
	long refused;
	struct error why; /* of the newest session that was refused */
};

static void count_one(void *arg, const char *session_data)
{
	struct count *count = arg;
	struct django_session session = {0};
	struct error why = {0};
	enum status status = django_session_read(session_data, count->keys, &session, &why);

	count->sessions++;
	if (status != STATUS_OK && status != STATUS_NOT_FOUND && count->refused++ == 0)
		count->why = why;
	django_session_clear(&session);
}

static enum status count_tell(const char *database, const struct count *count, struct strbuf *said,
			      struct error *err)
{
	const char *s = count->sessions == 1 ? "" : "s";

	if (count->sessions == 0)
		strbuf_adds(said, "; " TABLE " holds no session that is not over: log in to the "
				  "site, and if it still holds none, " OTHER_ENGINES);
	else if (count->refused == 0)
		strbuf_addf(said, "; the newest %ld session%s can be read", count->sessions, s);
	else if (count->refused < count->sessions)
		strbuf_addf(said, "; of the newest %ld session%s, %ld cannot be read: %s",
			    count->sessions, s, count->refused, count->why.text);
	else
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: of the newest %ld session%s in " TABLE
				 ", none can be read: %s",
				 database, count->sessions, s, count->why.text);
	return STATUS_OK;
}

enum status django_sessions_check(const char *database, const struct django_keys *keys,
				  struct strbuf *said, struct error *err)
{
	struct count count = {.keys = keys};
	bool there = false;

	enum status status = site_has_table(database, TABLE, &there, err);
	if (status != STATUS_OK || !there) /* a model of the site's own, which site_query knows */
		return status;
	status = site_rows_each(database, newest, count_one, &count, err);
	return status == STATUS_OK ? count_tell(database, &count, said, err) : status;
}

enum status django_blame_engine(const struct site_conf *conf, enum status status, struct error *err)
{
	if (status != STATUS_BAD_REQUEST || strstr(err->text, "no such table: " TABLE) == NULL)
		return status;
	return conf_fault(err, status, conf_site_place(conf, "site_database"),
			  "%s: has no table " TABLE ": if it is Django's database, " OTHER_ENGINES
			  "; set it to django.contrib.sessions.backends.db and run `manage.py "
			  "migrate`",
			  conf->site_database);
}
