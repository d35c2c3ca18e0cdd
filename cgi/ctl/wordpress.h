/*
 * The keys of a WordPress site, found as WordPress finds them, for prebindctl's verbs import and
 * check.
 */
#ifndef CTL_WORDPRESS_H
#define CTL_WORDPRESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/conf.h"
#include "identity/wordpress_secret.h"

/*
 * Reads the file as the calling user, and as account what the site's database has.
 * STATUS_NOT_FOUND: the file cannot be read. The caller clears *out.
 */
struct wordpress_source {
	const struct site_conf *conf;
	const char *file; /* wp-config.php */
	uid_t account;
	bool may_lack; /* what the database does not tell stays NULL */
};
enum status wordpress_keys_find(const struct wordpress_source *source, struct wordpress_secret *out,
				struct error *err);

#endif
