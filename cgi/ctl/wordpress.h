/*
 * Finds the keys of a WordPress site in the same way as WordPress does. Used by prebindctl
 * wordpress import and prebindctl check.
 */
#ifndef CTL_WORDPRESS_H
#define CTL_WORDPRESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/conf.h"
#include "identity/wordpress_secret.h"

/*
 * The input of wordpress_keys_find. The function reads `file` as the account that runs the tool,
 * and the site's database as `account`. It returns STATUS_NOT_FOUND if it cannot read the file. The
 * caller clears *out.
 */
struct wordpress_source {
	const struct site_conf *conf;
	const char *file; /* path of wp-config.php */
	uid_t account;
	bool may_lack; /* true to accept NULL for a value if reading the database fails */
};
enum status wordpress_keys_find(const struct wordpress_source *source, struct wordpress_secret *out,
				struct error *err);

#endif
