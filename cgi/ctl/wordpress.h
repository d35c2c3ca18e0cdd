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
 * wordpress_keys_find reads the file as the calling user. It reads the site's database as the user
 * `account`. Returns STATUS_NOT_FOUND if the file cannot be read. The caller clears *out.
 */
struct wordpress_source {
	const struct site_conf *conf;
	const char *file; /* the path of wp-config.php */
	uid_t account;
	bool may_lack; /* a value that the database does not have stays NULL */
};
enum status wordpress_keys_find(const struct wordpress_source *source, struct wordpress_secret *out,
				struct error *err);

#endif
