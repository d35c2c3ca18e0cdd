/*
 * Loading a configuration while memory runs out, at each allocation in turn: the error is "out of
 * memory", and never a fault of the file.
 */
#include "unit.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "conf/conf.h"
#include "counted_memory.h"

#define SITE_KEYS                                                                                  \
	"tigase_url = http://127.0.0.1:8080/rest/adhoc/bosh@example.org\n"                         \
	"tigase_user = admin@example.org\n"                                                        \
	"tigase_password_file = /etc/prebind/password\n"                                           \
	"jid = pre-{user}@example.org\n"

/* Text values, lists, placeholders, a second file, and keys that need others. */
static void write_files(void)
{
	char text[2048];

	snprintf(
	    text, sizeof(text),
	    "[server]\nsites = %s\n[site default]\nhosts = example.org www.example.org\n"
	    "database = /var/lib/prebind/prebind.db\nidentity = login token\n"
	    "token_key_file = /etc/keys\ntoken_audience = example.org\n"
	    "token_origins = https://a.example https://b.example\ndeny_jids = a b@example.org\n"
	    "rooms = a@r.example \"A\", b@r.example join\nstaff = a@b.example b@b.example\n"
	    "upload_origins = https://u.example\n"
	    "bosh_url = https://{hostname}/http-bind\nbosh_hosts = a.example=b.example\n" SITE_KEYS,
	    unit_path("sites/*.conf"));
	unit_write("conf", text);
	assert_int_equal(mkdir(unit_path("sites"), 0700), 0);
	unit_write("sites/b.conf", "[site b]\nhosts = b.example.org\n"
				   "database = /var/lib/prebind/b.db\n" SITE_KEYS);
}

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(test_out_of_memory)
{
	enum status status = STATUS_INTERNAL;
	size_t failing = 0, calls = 1;

	if (!COUNTED_MEMORY)
		skip();
	write_files();
	const char *path = unit_path("conf");
	for (; status != STATUS_OK || failing <= calls; failing++) {
		struct error err = {0};
		struct conf *conf = NULL;

		counted_start(failing);
		status = conf_load(path, &conf, &err);
		calls = counted.calls;
		counted_stop();
		if (status != STATUS_OK &&
		    (status != STATUS_INTERNAL || strcmp(err.text, "out of memory") != 0))
			fail_msg("allocation %zu: %s", failing, err.text);
		if (status == STATUS_OK)
			conf_free(conf);
	}
	assert_true(failing > 50);
}
