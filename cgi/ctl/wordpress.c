/*
 * prebindctl wordpress import: reads wp-config.php and writes the secret file of the site.
 */
#include "ctl/wordpress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "ctl/account.h"
#include "ctl/ctl.h"
#include "identity/wordpress_config.h"
#include "identity/wordpress_tables.h"

#define CONFIG_MAX 65536 /* bytes of wp-config.php */

#define BY_WORDPRESS "run the command for WordPress in docs/identity.md, which writes the file"

/* ---- the keys, found in the same way as WordPress finds them ---- */

static enum status config_open(const char *file, struct wordpress_config *out, struct error *err)
{
	struct file_found found = {0};
	struct error why = {0};
	struct strbuf text;

	strbuf_init_secret(&text);
	enum file_fault fault = file_read(file, FILE_BY_GROUP, CONFIG_MAX, &text, &found);
	enum status status;
	if (fault == FILE_NOT_OPENED || fault == FILE_NOT_READ)
		status = error_set(err, STATUS_NOT_FOUND, "%s: cannot be read: %s", file,
				   strerrordesc_np(found.cause));
	else if (fault != FILE_OK)
		status =
		    error_set(err, STATUS_BAD_REQUEST,
			      "%s: must be a file of at most %d bytes, and other users must not "
			      "have the right to write to it",
			      file, CONFIG_MAX);
	else
		status = wordpress_config_read(text.data, out, &why);
	if (fault == FILE_OK && status != STATUS_OK)
		error_set(err, status, "%s: %s", file, why.text);
	strbuf_clear(&text);
	return status;
}

static const char *prefix_of(const struct wordpress_config *config)
{
	const char *prefix = config->values[WORDPRESS_TABLE_PREFIX];

	return prefix != NULL ? prefix : "wp_";
}

static enum status option_get(const struct wordpress_source *source,
			      const struct wordpress_config *config, const char *name, char **out,
			      struct error *err)
{
	const struct wordpress_option what = {
	    .prefix = prefix_of(config),
	    .network = config->values[WORDPRESS_MULTISITE] != NULL,
	    .name = name,
	};
	struct error why = {0};
	enum status status = account_borrow(source->account, err);

	if (status != STATUS_OK)
		return status;
	status = wordpress_option_get(source->conf, &what, out, &why);
	account_return(source->account);
	if (status != STATUS_OK && source->may_lack)
		return STATUS_OK;
	if (status != STATUS_OK)
		error_set(err, status,
			  "the option %s in the table %s%s is needed but cannot be read: %s", name,
			  what.prefix, what.network ? "sitemeta" : "options", why.text);
	return status;
}

static enum status copy(const char *value, char **out, struct error *err)
{
	*out = strdup(value);
	return *out != NULL ? STATUS_OK : error_no_memory(err);
}

static enum status computed(const struct wordpress_source *source, enum wordpress_name name,
			    struct error *err)
{
	return error_set(err, STATUS_BAD_REQUEST,
			 "%s: prebindctl cannot read the value of %s, because PHP code computes "
			 "this value; " BY_WORDPRESS,
			 source->file, wordpress_name_text(name));
}

static enum status key_find(const struct wordpress_source *source,
			    const struct wordpress_config *config, enum wordpress_name name,
			    char **out, struct error *err)
{
	const char *value = wordpress_config_key(config, name);
	const char *option = name == WORDPRESS_LOGGED_IN_KEY ? "logged_in_key" : "logged_in_salt";

	if (config->is_computed[name])
		return computed(source, name, err);
	if (value != NULL)
		return copy(value, out, err);
	return option_get(source, config, option, out, err);
}

/*
 * Finds the name of the cookie. The name is LOGGED_IN_COOKIE if this constant is set. Otherwise the
 * name ends with COOKIEHASH, or with a hash of the site's address.
 */
static enum status cookie_find(const struct wordpress_source *source,
			       const struct wordpress_config *config, char **out, struct error *err)
{
	static const enum wordpress_name from[] = {WORDPRESS_LOGGED_IN_COOKIE, WORDPRESS_COOKIEHASH,
						   WORDPRESS_SITEURL};
	const char *hash = config->values[WORDPRESS_COOKIEHASH];
	const char *address = config->values[WORDPRESS_SITEURL];
	enum status status = STATUS_OK;
	char *option = NULL;
	struct strbuf name;

	if (source->conf->site_cookie[0] != '\0')
		return STATUS_OK;
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		if (config->is_computed[from[i]])
			return computed(source, from[i], err);
	if (config->values[WORDPRESS_LOGGED_IN_COOKIE] != NULL)
		return copy(config->values[WORDPRESS_LOGGED_IN_COOKIE], out, err);
	strbuf_init(&name);
	if (hash != NULL)
		strbuf_addf(&name, WORDPRESS_COOKIE_PREFIX "%s", hash);
	else if (address == NULL || config->values[WORDPRESS_MULTISITE] != NULL)
		status = option_get(source, config, "siteurl", &option, err);
	if (option != NULL)
		address = option;
	else if (config->values[WORDPRESS_MULTISITE] != NULL)
		address = NULL;
	if (status == STATUS_OK && hash == NULL && address != NULL)
		status = wordpress_cookie_name(address, &name, err);
	if (status == STATUS_OK && name.len > 0)
		status = copy(name.data, out, err);
	free(option);
	strbuf_clear(&name);
	return status;
}

enum status wordpress_keys_find(const struct wordpress_source *source, struct wordpress_secret *out,
				struct error *err)
{
	struct wordpress_config config = {0};
	struct wordpress_secret secret = {0};
	enum status status = config_open(source->file, &config, err);

	if (status == STATUS_OK)
		status = key_find(source, &config, WORDPRESS_LOGGED_IN_KEY, &secret.key, err);
	if (status == STATUS_OK)
		status = key_find(source, &config, WORDPRESS_LOGGED_IN_SALT, &secret.salt, err);
	if (status == STATUS_OK)
		status = cookie_find(source, &config, &secret.cookie, err);
	if (status == STATUS_OK) {
		secret.config = realpath(source->file, NULL);
		status = secret.config != NULL ? STATUS_OK : error_no_memory(err);
	}
	wordpress_config_clear(&config);
	if (status == STATUS_OK)
		*out = secret;
	else
		wordpress_secret_clear(&secret);
	return status;
}

/* ---- import ---- */

/*
 * Writes the new file and closes it. The file belongs to root until it is complete, then to the
 * program's account. On failure, returns false and sets errno.
 */
static bool write_file(int fd, const struct strbuf *text, uid_t account)
{
	bool ok = file_write(fd, text->data, text->len) &&
		  (account == geteuid() || fchown(fd, account, (gid_t)-1) == 0) && fsync(fd) == 0;
	int why = errno;

	if (close(fd) != 0 && ok)
		return false;
	errno = why;
	return ok;
}

/* Several imports can run at once, because each writes a new file with its own name. */
static enum status replace(const char *file, const struct strbuf *text, uid_t account,
			   struct error *err)
{
	char *part = NULL;
	int fd = file_part_new(file, &part);
	bool done = fd >= 0 && write_file(fd, text, account) && rename(part, file) == 0;
	int why = errno;

	if (!done && fd >= 0)
		unlink(part);
	free(part);
	return done ? STATUS_OK
		    : error_set(err, STATUS_UNAVAILABLE, "%s: cannot be written: %s", file,
				strerrordesc_np(why));
}

static enum status import(const struct ctl *ctl, struct wordpress_secret *secret, struct error *err)
{
	struct wordpress_source source = {.conf = ctl->site, .file = ctl->argv[0]};
	const struct site_conf *conf = ctl->site;
	struct strbuf text;

	if (conf->site_result != SITE_RESULT_WORDPRESS || conf->site_secret_file[0] == '\0')
		return error_set(err, STATUS_BAD_REQUEST,
				 "[site %s] is not a WordPress site; set site_result = wordpress, "
				 "and set site_secret_file to the path of the file to write",
				 conf->name);
	strbuf_init_secret(&text);
	enum status status = account_of_site(ctl->conf, conf, &source.account, err);
	if (status == STATUS_OK)
		status = wordpress_keys_find(&source, secret, err);
	if (status == STATUS_OK)
		status = wordpress_secret_write(secret, &text, err);
	if (status == STATUS_OK)
		status = replace(conf->site_secret_file, &text, source.account, err);
	strbuf_clear(&text);
	return status;
}

int ctl_wordpress_import(struct ctl *ctl)
{
	struct wordpress_secret secret = {0};
	struct error err = {0};

	if (import(ctl, &secret, &err) != STATUS_OK)
		return ctl_fail(ctl, &err);
	printf("the keys of %s are now in %s; the login cookie is %s; run `prebindctl check`\n",
	       secret.config, ctl->site->site_secret_file,
	       secret.cookie != NULL ? secret.cookie : ctl->site->site_cookie);
	wordpress_secret_clear(&secret);
	return EXIT_DONE;
}
