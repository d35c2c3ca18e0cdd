/*
 * prebindctl check: checks that the secret file of a WordPress site still has the values in
 * wp-config.php.
 */
#include <string.h>

#include "ctl/account.h"
#include "ctl/report.h"
#include "ctl/wordpress.h"

/* False if should_be is NULL, because the right value is not known then. */
static bool differs(const char *is, const char *should_be)
{
	return should_be != NULL && strcmp(is != NULL ? is : "", should_be) != 0;
}

static const char *difference(const struct wordpress_secret *is,
			      const struct wordpress_secret *should_be)
{
	if (differs(is->key, should_be->key) || differs(is->salt, should_be->salt))
		return "other keys";
	return differs(is->cookie, should_be->cookie) ? "another cookie name" : NULL;
}

static enum status secret_open(const struct wordpress_source *source, struct wordpress_secret *out,
			       struct error *err)
{
	enum status status = account_borrow(source->account, err);

	if (status != STATUS_OK)
		return status;
	status = wordpress_secret_read(source->conf->site_secret_file, out, err);
	account_return(source->account);
	return status;
}

/*
 * Reports nothing if a file cannot be read. Other checks report an unreadable secret file, and
 * wp-config.php is optional.
 */
static void check_site(struct report *report, struct wordpress_source *source)
{
	struct wordpress_secret is = {0}, should_be = {0};
	const char *what = NULL;
	struct error said = {0};

	if (secret_open(source, &is, &said) == STATUS_OK && is.config != NULL) {
		source->file = is.config;
		if (wordpress_keys_find(source, &should_be, &said) == STATUS_OK)
			what = difference(&is, &should_be);
	}
	if (what != NULL) {
		conf_fault(&said, STATUS_BAD_REQUEST,
			   conf_site_place(source->conf, "site_secret_file"),
			   "%s: has %s than %s; run `prebindctl wordpress import %s`",
			   source->conf->site_secret_file, what, is.config, is.config);
		report_tell(report, "wordpress", said.status, said.text);
	}
	wordpress_secret_clear(&should_be);
	wordpress_secret_clear(&is);
}

void check_wordpress(struct report *report)
{
	const struct ctl *ctl = report->ctl;
	struct error ignored = {0};

	for (size_t i = 0; i < ctl->conf->n_sites; i++) {
		const struct site_conf *conf = &ctl->conf->sites[i];
		struct wordpress_source source = {.conf = conf, .may_lack = true};

		if ((ctl->site != NULL && ctl->site != conf) ||
		    !conf_site_has_provider(conf, PROVIDER_SITE_SESSION) ||
		    conf->site_result != SITE_RESULT_WORDPRESS ||
		    account_of_site(ctl->conf, conf, &source.account, &ignored) != STATUS_OK)
			continue;
		report->site = conf;
		check_site(report, &source);
	}
	report->site = NULL;
}
