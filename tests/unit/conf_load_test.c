/*
 * prebind.conf as a whole file: what is refused, with the exact sentence; what other readers of INI
 * files let pass; several files and several sites.
 */
#include "unit.h"

#include <sys/stat.h>

#include "conf_fixture.h"

#define UNCLEAR                                                                                    \
	"the line is not valid; write KEY = VALUE, [server], [site NAME], or a comment that "      \
	"begins with ;"
#define PIN "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

#define SERVICE      "bosh_service = http://127.0.0.1/b\n"
#define GUEST_DOMAIN "guest_domain = guests.example.org\n"

FIXTURE(unit_folder_make, unit_folder_remove)

TEST(files_that_may_not_be)
{
	/* clang-format off */
	static const struct {
		const char *text;
		const char *wrong; /* behind "FILE" */
	} cases[] = {
	    {"", ": there is no [site NAME] section; at least one is needed"},
	    {"[server]\n", ": there is no [site NAME] section; at least one is needed"},
	    {"threads = 1\n" SITE("a"),
	     ":1: threads: is before the first section; begin the file with [server] or [site NAME]"},
	    {SITE("a") "thread = 1\n",
	     ":7: thread: unknown key; `prebindctl conf --keys` lists the keys"},
	    {SITE("a") "Hold = 1\n",
	     ":7: Hold: unknown key; `prebindctl conf --keys` lists the keys"},
	    {SITE("a") "threads = 1\n", ":7: threads: is a key of [server]; move the line to that section"},
	    {"[server]\nhosts = a\n", ":2: hosts: is a key of [site NAME]; move the line to that section"},
	    {SITE("a") "hold = 1\n\nhold = 1\n",
	     ":9: hold: is already set in line 7; remove one of the two lines"},
	    {"[server]\n[server]\n", ":2: [server]: appears twice; put all keys into one [server] section"},
	    {"[sites a]\n", ":1: [sites a]: unknown section; allowed: [server], [site NAME]"},
	    {"[site]\n", ":1: [site]: unknown section; allowed: [server], [site NAME]"},
	    {"[]\n", ":1: []: unknown section; allowed: [server], [site NAME]"},
	    {"[site ]\n", ":1: [site ]: has an invalid name; allowed: letters, digits and - . _"},
	    {"[site a b]\n",
	     ":1: [site a b]: has an invalid name; allowed: letters, digits and - . _"},
	    {"[site \"a\"]\n",
	     ":1: [site \"a\"]: has an invalid name; allowed: letters, digits and - . _"},
	    {"[site a\n", ":1: " UNCLEAR},
	    {"[site a] x\n", ":1: " UNCLEAR},
	    {"[site a]; x\n", ":1: " UNCLEAR},
	    {"[site a]# x\n", ":1: " UNCLEAR},
	    {"[site a]\nhold\n", ":2: " UNCLEAR},
	    {"[site a]\nhold: 1\n", ":2: " UNCLEAR},
	    {"[site a]\n= 1\n", ":2: " UNCLEAR},
	    {"[site a]\nhold ; = 1\n", ":2: " UNCLEAR},
	    {"[site a]\njid = {user}@a\n two\n",
	     ":3: the line is indented, but a value cannot continue on a second line; remove the "
	     "indentation"},
	    {"[site a]\n\thold = 1\n",
	     ":2: the line is indented, but a value cannot continue on a second line; remove the "
	     "indentation"},
	    {" [site a]\n",
	     ":1: the line is indented, but a value cannot continue on a second line; remove the "
	     "indentation"},
	    {"[site a]\nhold = \x01\n", ":2: the line has a control character; remove it"},
	    {"[site a]\nhold = 1\rwait = 1\n", ":2: the line has a control character; remove it"},
	    {"[site a]\n; \x7f\n", ":2: the line has a control character; remove it"},
	    {"[site a]\n; \xff\n",
	     ":2: the line is not valid UTF-8 text; save the file in UTF-8"},
	    {"[site a]\n" JID TIGASE,
	     ":1: database: is missing, but must be set in [site a]. Meaning: prebind's own "
	     "database: an SQLite file, or postgresql://…, which several machines can share."},
	    {"\n[site a]\n" DATABASE TIGASE,
	     ":2: jid: is missing, but must be set in [site a]. Meaning: The rule that makes the "
	     "JID of a site user who has no row in the JID map."},
	    {"[site a]\n" DATABASE JID "tigase_url = http://a/\ntigase_user = b@c\n",
	     ":1: tigase_password_file: is missing, but must be set in [site a] with backend = "
	     "tigase. Meaning: The file with the password of tigase_user; other accounts must not "
	     "have access to the file."},
	    {"[site a]\n" DATABASE JID "tigase_url = http://a/\ntigase_password_file = /p\n",
	     ":1: tigase_user: is missing, but must be set in [site a] with backend = tigase. Meaning: The JID of the administrator account with which prebind calls Tigase."},
	    {"[site a]\nbackend = bosh\n" NEEDS,
	     ":1: bosh_service: is missing, but must be set in [site a] with backend = bosh or "
	     "provider guest. Meaning: The BOSH URL at which prebind logs in; prebind tries "
	     "several URLs in order."},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_cookie = c\n",
	     ":1: site_database: is missing, but must be set in [site a] with provider "
	     "site_session. Meaning: The site's own database, which prebind only reads: an SQLite "
	     "file, mariadb://… or postgresql://…."},
	    {SITE("a") "identity = token\ntoken_audience = a\n",
	     ":1: token_key_file: is missing, but must be set in [site a] with provider token. "
	     "Meaning: The file with up to four keys for the site's tokens, each on a line "
	     "kid:key."},
	    {SITE("a") "identity = token\ntoken_key_file = /k\n",
	     ":1: token_audience: is missing, but must be set in [site a] with provider token. "
	     "Meaning: The value that aud in a token must have; prebind refuses tokens for another "
	     "service."},
	    {SITE("a") "login_query = /q\n",
	     ":7: login_query: also needs site_database, which is the database of the site's users"},
	    {SITE("a") "identity = login php_session\n",
	     ":1: php_session_user: is missing, but must be set in [site a] with provider "
	     "php_session. Meaning: Where the user's name is in the session; user.name means "
	     "$_SESSION['user']['name']."},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_cookie = c\n"
		       "site_database = /d\nsite_result = django\n",
	     ":11: site_secret_file: is missing, but must be set in [site a] with site_result = "
	     "django; set this key to a file with Django's SECRET_KEY"},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_cookie = c\n"
		       "site_database = /d\nsite_result = django\nsite_secret_file = /s\n",
	     ":11: site_profile_query: is missing, but must be set in [site a] with site_result = "
	     "django; use the query sql/sites/django/profile.sql"},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_database = /d\n"
		       "site_result = wordpress\n",
	     ":10: site_secret_file: is missing, but must be set in [site a] with site_result = "
	     "wordpress; set this key to a path, then write the file with `prebindctl wordpress "
	     "import WP-CONFIG.PHP`"},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_database = /d\n"
		       "site_result = wordpress\nsite_secret_file = /s\nsite_profile_query = /p\n",
	     ":12: site_profile_query: has no effect with site_result = wordpress; remove the line"},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_database = /d\n"
		       "site_result = wordpress\nsite_secret_file = /s\nsite_cookie_transform = sha1\n",
	     ":12: site_cookie_transform: has no effect with site_result = wordpress; remove the line"},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_cookie = c\n"
		       "site_database = /d\nsite_result = php_session\nphp_session_password = h\n",
	     ":11: php_session_user: is missing, but must be set in [site a] with site_result = "
	     "php_session; set this key to the path of the user's name in the session, such as "
	     "user.name"},
	    {SITE("a") "bosh_url = https://{hostname}/b\n",
	     ":7: bosh_url: contains {hostname}, but bosh_hosts is empty; set bosh_hosts to the "
	     "names of the cluster's nodes, as NAME or NAME=PUBLIC"},
	    {SITE("a") "backend = bosh\nbosh_service = http://b/\nbosh_hosts = a\n"
		       "bosh_url = https://{hostname}/b\n",
	     ":10: bosh_url: contains {hostname}, which works only with backend = tigase; write the host name instead"},
	    {"[site a]\n" DATABASE JID "backend = bosh\nupstream_pin = " PIN "\n"
	     "bosh_service = https://a/ http://b/\n",
	     ":5: upstream_pin: works only if every URL in bosh_service begins with https://"},
	    {SITE("a") SERVICE "identity = guest login\n" GUEST_DOMAIN,
	     ":8: identity: guest must be the last word, because prebind never asks a provider "
	     "after guest"},
	    {SITE("a") SERVICE "identity = guest\nguest_domain = example.org\n",
	     ":9: guest_domain: example.org is also the domain of `jid`, which has the users' "
	     "accounts; use a separate domain for guests, such as guests.example.org"},
	    {SITE("a") SERVICE "identity = guest\nclient = converse\n" GUEST_DOMAIN,
	     ":9: client: converse does not work with provider guest, because Converse.js requests a "
	     "session at once; allowed: builtin, none"},
	    {SITE("a") SERVICE "identity = login guest\n",
	     ":1: guest_domain: is missing, but must be set in [site a] with provider guest. "
	     "Meaning: The XMPP domain in which visitors who are not logged in get a session "
	     "without an account."},
	    {SITE("a") GUEST_DOMAIN "identity = login guest\n",
	     ":1: bosh_service: is missing, but must be set in [site a] with backend = bosh or "
	     "provider guest. Meaning: The BOSH URL at which prebind logs in; prebind tries "
	     "several URLs in order."},
	    {SITE("a") "session_absolute = 10m\n",
	     ":7: session_idle: 30m is longer than session_absolute (10m); make session_idle shorter"},
	    {SITE("a") "session_idle = 11m\nsession_absolute = 10m\n",
	     ":7: session_idle: 11m is longer than session_absolute (10m); make session_idle shorter"},
	    {SITE("a") "hosts = a\n" SITE("b"),
	     ":8: hosts: is empty in [site b], which is allowed only if there is one site, but there are 2; set the key hosts in each site"},
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT(cases); i++)
		load_bad(cases[i].text, cases[i].wrong);
}

TEST(a_nul_is_refused)
{
	static const char text[] = SITE("a") "hold = 1\0 2\n";
	struct conf *conf = NULL;
	unit_write_bytes("prebind.conf", text, sizeof(text) - 1);
	assert_fails(conf_load(CONF_FILE, &conf, ERR), STATUS_BAD_REQUEST,
		     ":7: the line has a NUL byte");
}

/* "FILE" in a sentence that names it twice. */
TEST(sites_that_clash)
{
	char expected[256];
	snprintf(expected, sizeof(expected),
		 ":7: [site a]: is already defined at %s:1; change the name of one of the two",
		 CONF_FILE);
	load_bad(SITE("a") SITE("a"), expected);

	snprintf(expected, sizeof(expected),
		 ":15: hosts: \"b.org\" is already in [site z] (%s:7); a host can be in only one "
		 "site",
		 CONF_FILE);
	load_bad(SITE("z") "hosts = a.org b.org\n\n" SITE("y") "hosts = c.org B.ORG\n", expected);
}

TEST(lines_and_sections_have_their_limits)
{
	static char blanks[100000];
	memset(blanks, ' ', sizeof(blanks) - 1);
	struct strbuf text;
	strbuf_init(&text);
	strbuf_addf(&text, SITE("a") "hold =%s2%s; comment\n;%s\n", blanks, blanks, blanks);
	struct conf *conf = load_good(text.data);
	assert_int_equal(conf->sites[0].hold, 2);
	conf_free(conf);

	char name[256];
	memset(name, 'n', 255);
	strbuf_reset(&text);
	strbuf_addf(&text, "[site %.253s]\n" NEEDS, name);
	conf = load_good(text.data);
	assert_int_equal(strlen(conf->sites[0].name), 253);
	conf_free(conf);

	strbuf_reset(&text);
	strbuf_addf(&text, "[site %.254s]\n" NEEDS, name);
	load_bad(text.data, ":1: the section's name has 259 bytes; allowed: at most 258");
	strbuf_clear(&text);
}

TEST(odd_files_that_are_read)
{
	static const char *const texts[] = {
	    "\xef\xbb\xbf" SITE("a") "hold = 2",
	    "\xef\xbb\xbf\n" SITE("a") "hold=2\n",
	    "[site a]\r\ndatabase = /d\r\njid = {user}@b\r\nbackend = bosh\r\n"
	    "bosh_service = http://b/\r\nhold = 2\r\n",
	    "# comment\n  ; comment\n\t\n   \n" SITE("a") "\t# comment\nhold = 2 ; comment\n",
	    "[site   a] ; comment\n" NEEDS "hold\t=\t2\t; comment = x\n[server]\n",
	};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct conf *conf = load_good(texts[i]);
		assert_string_equal(conf->sites[0].name, "a");
		assert_int_equal(conf->sites[0].hold, 2);
		conf_free(conf);
	}
}

TEST(file_is_checked_before_it_is_read)
{
	struct conf *conf = NULL;
	char expected[ERROR_TEXT_MAX];

	assert_status(conf_load(CONF_FILE, &conf, ERR), STATUS_NOT_FOUND);
	snprintf(expected, sizeof(expected), "%s: cannot be opened: No such file or directory",
		 CONF_FILE);
	assert_string_equal(unit_error.text, expected);

	assert_status(conf_load(unit_folder(), &conf, ERR), STATUS_BAD_REQUEST);
	snprintf(expected, sizeof(expected), "%s: is not a regular file", unit_folder());
	assert_string_equal(unit_error.text, expected);

	static const mode_t modes[] = {0664, 0646, 0620, 0602};
	unit_write("prebind.conf", SITE("a"));
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod(CONF_FILE, modes[i]), 0);
		assert_status(conf_load(CONF_FILE, &conf, ERR), STATUS_BAD_REQUEST);
		snprintf(expected, sizeof(expected),
			 "%s: may be written by others (mode %04o); run: chmod go-w %s", CONF_FILE,
			 (unsigned)modes[i], CONF_FILE);
		assert_string_equal(unit_error.text, expected);
	}
	assert_int_equal(truncate(CONF_FILE, 16 * 1024 * 1024 + 1), 0);
	assert_int_equal(chmod(CONF_FILE, 0600), 0);
	assert_status(conf_load(CONF_FILE, &conf, ERR), STATUS_BAD_REQUEST);
	snprintf(expected, sizeof(expected), "%s: is larger than 16777216 bytes", CONF_FILE);
	assert_string_equal(unit_error.text, expected);
	assert_null(conf);
}

/* ---- more than one site ---- */

TEST(sites_come_from_more_files)
{
	char text[512];
	snprintf(text, sizeof(text), "[server]\nsites = %s/*.site\n" SITE("main") "hosts = m\n",
		 unit_folder());
	unit_write("2.site", SITE("two") "hosts = two.org\n");
	unit_write("1.site", SITE("one") "hosts = one.org\n" SITE("uno") "hosts = uno\n");
	unit_write("3.other", "nonsense\n");

	struct conf *conf = load_good(text);
	static const char *const names[] = {"main", "one", "uno", "two"};
	assert_int_equal(conf->n_files, 3);
	assert_int_equal(conf->n_sites, COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(conf->sites[i].name, names[i]);
	assert_ptr_equal(conf->sites[2].file, conf->files[1]);
	assert_int_equal(conf->sites[2].line, 8);
	assert_ptr_equal(conf_site_for_host(conf, "uno"), &conf->sites[2]);
	assert_ptr_equal(conf_site_named(conf, "two"), &conf->sites[3]);
	conf_free(conf);
}

TEST(faults_name_the_file_they_are_in)
{
	char main_text[256];
	snprintf(main_text, sizeof(main_text), "[server]\nsites = %s/*.site\n", unit_folder());
	unit_write("prebind.conf", main_text);
	const struct {
		const char *text;
		const char *wrong;
	} cases[] = {
	    {"[server]\n",                      "1.site:1: [server]: is allowed only in %s"                   },
	    {"hold = 1\n",                      "1.site:1: hold: is before the first section; begin the file with "
			   "[server] or [site NAME]"                                },
	    {SITE("b") "hosts = c\nhold = 0\n",
	     "1.site:8: hold: \"0\" is too small; allowed: a whole number from 1 to 2"                        },
	    {SITE("a") "hosts = c\n",           "2.site:1: [site a]: is already defined at %s/1.site:1; "
				      "change the name of one of the two"},
	    {SITE("b") "hosts = a.org\n",
	     "2.site:7: hosts: \"a.org\" is already in [site b] (%s/1.site:7); a host can be in "
	     "only one site"										  },
	};
	unit_write("2.site", SITE("a") "hosts = a.org\n");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf expected;
		strbuf_init(&expected);
		strbuf_addf(&expected, "%s/", unit_folder());
		const char *mark = strstr(cases[i].wrong, "%s");
		size_t head =
		    mark == NULL ? strlen(cases[i].wrong) : (size_t)(mark - cases[i].wrong);
		strbuf_add(&expected, cases[i].wrong, head);
		if (mark != NULL) {
			strbuf_adds(&expected, mark[2] == '/' ? unit_folder() : CONF_FILE);
			strbuf_adds(&expected, mark + 2);
		}
		struct conf *conf = NULL;
		unit_write("1.site", cases[i].text);
		assert_status(conf_load(CONF_FILE, &conf, ERR), STATUS_BAD_REQUEST);
		assert_string_equal(unit_error.text, expected.data);
		strbuf_clear(&expected);
	}
}

TEST(sites_pattern_may_find_nothing)
{
	char text[512];
	snprintf(text, sizeof(text), "[server]\nsites = %s/none/*.conf\n" SITE("a"), unit_folder());
	conf_free(load_good(text));

	struct conf *conf = NULL;
	char expected[256];
	snprintf(text, sizeof(text), "[server]\nsites = %s/more.conf\n" SITE("a"), unit_folder());
	unit_write("prebind.conf", text);
	assert_status(conf_load(CONF_FILE, &conf, ERR), STATUS_NOT_FOUND);
	snprintf(expected, sizeof(expected),
		 "%s/more.conf: cannot be opened: No such file or directory", unit_folder());
	assert_string_equal(unit_error.text, expected);

	unit_write("more.conf", SITE("b"));
	snprintf(text, sizeof(text), "[server]\nsites = %s/more.conf/*\n" SITE("a"), unit_folder());
	conf_free(load_good(text));
}

/* A link to itself: nobody can look into that folder, not even root. */
TEST(sites_pattern_that_cannot_be_searched)
{
	char path[128];
	char text[512];
	char expected[256];
	snprintf(path, sizeof(path), "%s/loop", unit_folder());
	assert_int_equal(symlink(path, path), 0);
	snprintf(text, sizeof(text), "[server]\n\nsites = %s/*.conf\n" SITE("a"), path);
	snprintf(expected, sizeof(expected),
		 ":3: sites: a folder in the path \"%s/*.conf\" cannot be read; allow prebind's "
		 "account to read this folder, or use another one",
		 path);
	load_bad(text, expected);
}

TEST(host_finds_its_site)
{
	struct conf *conf = load_good(SITE("only"));
	assert_ptr_equal(conf_site_for_host(conf, "what.ever"), &conf->sites[0]);
	assert_ptr_equal(conf_site_for_host(conf, ""), &conf->sites[0]);
	assert_ptr_equal(conf_site_named(conf, NULL), &conf->sites[0]);
	assert_null(conf_site_named(conf, "default"));
	conf_free(conf);

	conf = load_good(SITE("only") "hosts = a.org\n");
	assert_ptr_equal(conf_site_for_host(conf, "a.org"), &conf->sites[0]);
	assert_null(conf_site_for_host(conf, "b.org"));
	assert_null(conf_site_for_host(conf, ""));
	assert_null(conf_site_for_host(conf, NULL));
	conf_free(conf);

	conf = load_good(SITE("b") "hosts = B.org\n" SITE("default") "hosts = a.org\n");
	assert_ptr_equal(conf_site_named(conf, NULL), &conf->sites[1]);
	assert_ptr_equal(conf_site_for_host(conf, "b.org"), &conf->sites[0]);
	assert_null(conf_site_named(conf, "a"));
	conf_free(conf);

	conf = load_good(SITE("b") "hosts = b.org\n" SITE("c") "hosts = a.org\n");
	assert_null(conf_site_named(conf, NULL));
	conf_free(conf);
}

TEST(a_thousand_sites)
{
	struct strbuf text;
	strbuf_init(&text);
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&text,
			    "[site s%d]\nhosts = h%d.org www.h%d.org\n"
			    "database = /var/lib/prebind/%d.db\n" JID TIGASE,
			    i, i, i, i);
	struct conf *conf = load_good(text.data);
	assert_int_equal(conf->n_sites, 1000);
	for (int i = 0; i < 1000; i++) {
		char host[32];
		snprintf(host, sizeof(host), "www.h%d.org", i);
		assert_ptr_equal(conf_site_for_host(conf, host), &conf->sites[i]);
	}
	conf_free(conf);
	strbuf_clear(&text);
}
