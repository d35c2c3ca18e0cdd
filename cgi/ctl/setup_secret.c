/*
 * The one-time secret of the page /setup. Its file is in the kit's private folder, so only people
 * with access to the site's files can read it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/secret.h"
#include "ctl/setup_page.h"
#include "store/limit.h"

#define RANDOM_LEN 24 /* in bytes, encoded as 32 characters; too long to guess */

_Static_assert(CODEC_BASE64URL_LEN(RANDOM_LEN) == SETUP_SECRET_LEN, "the file's one line");

/*
 * The limit on wrong secrets, for all visitors together. The right secret is always accepted, so a
 * stranger cannot lock the operator out.
 */
static const struct conf_limit attempts = {.count = 20, .period_ms = 60000};

static void path_of(const char *folder, const char *name, struct strbuf *out)
{
	strbuf_init(out);
	strbuf_addf(out, "%s/%s", folder, name);
}

/*
 * Writes a new secret. The file gets its final name only when it is complete, because an incomplete
 * secret could not be used.
 */
static enum status write_new(const char *path, struct error *err)
{
	unsigned char random[RANDOM_LEN];
	char text[SETUP_SECRET_LEN + 1];
	char *part = NULL;

	if (access(path, F_OK) == 0)
		return STATUS_OK;
	int fd = file_part_new(path, &part);
	secret_random(random, sizeof(random));
	codec_base64url_text(text, random, sizeof(random));
	text[SETUP_SECRET_LEN] = '\n';
	bool ok = fd >= 0 && file_write(fd, text, sizeof(text)) && fsync(fd) == 0 &&
		  file_rename_new(part, path);
	enum status status =
	    ok || errno == EEXIST /* another process has created the file */
		? STATUS_OK
		: error_set(err, STATUS_UNAVAILABLE,
			    "%s cannot be written: %m. The folder must belong to the account that "
			    "runs the program",
			    path);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && !ok)
		unlink(part);
	free(part);
	secret_wipe(random, sizeof(random));
	secret_wipe(text, sizeof(text));
	return status;
}

enum status setup_secret_ensure(const char *folder, struct error *err)
{
	struct strbuf path;

	path_of(folder, SETUP_SECRET_FILE, &path);
	enum status status = strbuf_ok(&path) ? write_new(path.data, err) : error_no_memory(err);
	strbuf_clear(&path);
	return status;
}

static bool is_secret(const char *folder, const char *given)
{
	struct strbuf path, secret;

	path_of(folder, SETUP_SECRET_FILE, &path);
	strbuf_init_secret(&secret);
	given += strspn(given, " \t\r\n");
	size_t len = strcspn(given, " \t\r\n");
	bool same = strbuf_ok(&path) && secret_file_read(path.data, &secret, NULL) == STATUS_OK &&
		    secret.len == SETUP_SECRET_LEN && len == SETUP_SECRET_LEN &&
		    secret_equal(secret.data, given, SETUP_SECRET_LEN);
	strbuf_clear(&path);
	strbuf_clear(&secret);
	return same;
}

static enum status count_attempt(const char *folder, struct error *err)
{
	const struct limit_key key = {.scope = "setup", .key = "secret"};
	struct limit_store *limits = NULL;
	struct strbuf path;

	path_of(folder, "data/setup", &path);
	enum status status =
	    strbuf_ok(&path) ? limit_open(path.data, &limits, err) : error_no_memory(err);
	if (status == STATUS_OK)
		status = limit_take(limits, &key, &attempts, clock_wall_ms(), err);
	limit_close(limits);
	strbuf_clear(&path);
	return status;
}

enum status setup_secret_check(const char *folder, const char *given, struct error *err)
{
	if (is_secret(folder, given))
		return STATUS_OK;
	enum status status = count_attempt(folder, err);
	return status == STATUS_OK
		   ? error_set(err, STATUS_FORBIDDEN, "the secret of /setup was wrong")
		   : status;
}

void setup_secret_remove(const char *folder)
{
	static const char *const names[] = {SETUP_SECRET_FILE, "data/setup.limits",
					    "data/setup.limits-wal", "data/setup.limits-shm"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct strbuf path;

		path_of(folder, names[i], &path);
		if (strbuf_ok(&path))
			unlink(path.data);
		strbuf_clear(&path);
	}
}
