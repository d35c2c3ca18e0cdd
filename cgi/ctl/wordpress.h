/*
 * Finds the keys of a WordPress site in the same way as WordPress. For the import and for
 * prebindctl check.
 */
#ifndef CTL_WORDPRESS_H
#define CTL_WORDPRESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/conf.h"
#include "identity/wordpress_secret.h"

/*
 * Where wordpress_keys_find looks. It reads the file as the account that runs the tool, and the
 * site's database as `account`. It returns STATUS_NOT_FOUND if the file cannot be read. The caller
 * clears *out.
 */
struct wordpress_source {
	const struct site_conf *conf;
	const char *file; /* path of wp-config.php */
	uid_t account;
	bool may_lack; /* a value that only the database could give can stay NULL */
};
enum status wordpress_keys_find(const struct wordpress_source *source, struct wordpress_secret *out,
				struct error *err);

#endif
