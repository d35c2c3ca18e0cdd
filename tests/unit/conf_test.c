/*
 * prebind.conf: every value that may be and every one that may not, with the exact sentence; what
 * other readers of INI files let pass; several sites; printing and loading again.
 */
#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/json.h"
#include "conf/conf.h"
#include "conf/keys.h"
#include "conf/placeholder.h"
#include "conf/value.h"

#define FIND_ARGUMENT "--find" /* makes this program print what conf_file_find says, and no test */

/* What a site needs, line by line. */
#define DATABASE "database = /var/lib/prebind/a.db\n"
#define JID      "jid = {user}@example.org\n"
#define TIGASE                                                                                     \
	"tigase_url = http://127.0.0.1:8080/rest/adhoc/bosh@example.org\n"                         \
	"tigase_user = admin@example.org\n"                                                        \
	"tigase_password_file = /etc/prebind/tigase.password\n"
#define NEEDS        DATABASE JID TIGASE
#define SITE(name)   "[site " name "]\ndatabase = /var/lib/prebind/" name ".db\n" JID TIGASE
#define ALLOWED_BOOL "; allowed: on, off"
#define ALLOWED_URLS                                                                               \
	"; allowed: http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH, several with blanks "     \
	"between them, each once"
#define IDENTITIES "login, remote_user, site_session, token, php_session"
#define ALLOWED_ORIGINS                                                                            \
	"; allowed: https://HOST[:PORT], several with blanks between them, each once"
#define ALLOWED_LINK           "; allowed: a path that begins with /, or an http:// or https:// URL"
#define ALLOWED_HOSTS          "; allowed: host names without a port, with blanks between them, each once"
#define ALLOWED_RULE           "; allowed: {user}, {user|lower}, {user|safe}, {email} or {id}, then @DOMAIN"
#define ALLOWED_PATH           "; allowed: a path that begins with /"
#define ALLOWED_SESSION_COOKIE "; allowed: letters, digits, - and _; at most 40"
#define ALLOWED_MOUNT          "; allowed: a path such as /chat, or / alone"
#define ALLOWED_IDLE           "; allowed: a time from 5m to 24h, in ms, s, m or h"
#define ALLOWED_LIMIT          "; allowed: N/TIME as in 10/15m (at most 1000000 in 1s to 24h), or off"
#define ALLOWED_RANDOM         "; allowed: a text with {random} in it once, a fixed one, or server"
#define UNCLEAR                                                                                    \
	"not understood; write KEY = VALUE, [server], [site NAME], or a comment that begins with " \
	";"
#define ALLOWED_NODES "; allowed: host names, or NAME=PUBLIC, with blanks between them, each once"
#define ALLOWED_PINS  "; allowed: sha256//BASE64=, several with blanks between them, each once"
#define MORE_BRACES   "has more than one {hostname}, or another { or }"
#define PIN           "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define BAD_CHARACTER "has a blank, a quote or another character that a URL cannot hold"

/* ---- a folder for each test ---- */

struct folder {
	char path[64];
	char file[96]; /* prebind.conf in it */
};

static int folder_make(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	assert_non_null(folder);
	strcpy(folder->path, "/tmp/conf_test.XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	snprintf(folder->file, sizeof(folder->file), "%s/prebind.conf", folder->path);
	*state = folder;
	return 0;
}

static int folder_remove(void **state)
{
	struct folder *folder = *state;
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", folder->path);
	int failed = system(command);
	free(folder);
	return failed;
}

static void file_write(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static void file_write_in(const struct folder *folder, const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	file_write(path, text, strlen(text));
}

static struct conf *load_good(const struct folder *folder, const char *text)
{
	struct conf *conf = NULL;
	struct error err = {.text = ""};
	file_write(folder->file, text, strlen(text));
	if (conf_load(folder->file, &conf, &err) != STATUS_OK)
		fail_msg("%s\n---\n%s", err.text, text);
	return conf;
}

/* The sentence must be the file's name and `expected`. */
static void load_bad(const struct folder *folder, const char *text, const char *expected)
{
	struct conf *conf = NULL;
	char sentence[ERROR_TEXT_MAX];
	snprintf(sentence, sizeof(sentence), "%s%s", folder->file, expected);
	file_write(folder->file, text, strlen(text));
	assert_status(conf_load(folder->file, &conf, ERR), STATUS_BAD_REQUEST);
	assert_string_equal(unit_error.text, sentence);
	assert_null(conf);
	assert_status(conf_load(folder->file, &conf, NULL), STATUS_BAD_REQUEST);
}

/* ---- one key's value ---- */

static const struct conf_key *key_named(const char *name)
{
	const struct conf_key *key = conf_key_find(SECTION_SERVER, name);
	if (key == NULL)
		key = conf_key_find(SECTION_SITE, name);
	if (key == NULL)
		fail_msg("no key %s", name);
	return key;
}

/* A whole file that has the key, with this value, in line 2. The caller frees it. */
static char *file_with(const struct conf_key *key, const char *value)
{
	static const char *const needs[] = {DATABASE, JID, TIGASE};
	struct strbuf text;
	strbuf_init(&text);
	strbuf_addf(&text, "%s\n%s = %s\n%s",
		    key->section == SECTION_SERVER ? "[server]" : "[site a]", key->name, value,
		    key->section == SECTION_SERVER ? "[site a]\n" : "");
	for (size_t i = 0; i < COUNT(needs); i++) {
		const char *line = needs[i];
		while (*line != '\0') {
			size_t len = strcspn(line, "\n") + 1;
			size_t name = strcspn(line, " ");
			if (strlen(key->name) != name || strncmp(line, key->name, name) != 0)
				strbuf_add(&text, line, len);
			line += len;
		}
	}
	return strbuf_take(&text);
}

static char *printed(const struct conf *conf)
{
	struct strbuf text;
	strbuf_init(&text);
	conf_print(conf, &text);
	return strbuf_take(&text);
}

static void assert_has_line(const char *text, const char *name, const char *value)
{
	char line[256];
	snprintf(line, sizeof(line), "\n%s = %s\n", name, value);
	if (strstr(text, line) == NULL)
		fail_msg("not there: %s = %s\n---\n%s", name, value, text);
}

FIXTURE(folder_make, folder_remove)

TEST(values_that_may_be)
{
	/* clang-format off */
	static const struct {
		const char *key;
		const char *value;
		const char *printed; /* NULL: as the value */
	} cases[] = {
	    {"listen", "", NULL},
	    {"listen", "/run/prebind/prebind.sock", NULL},
	    {"processes", "1", NULL},
	    {"processes", "64", NULL},
	    {"threads", "1", NULL},
	    {"threads", "1024", NULL},
	    {"waiting_max", "1", NULL},
	    {"waiting_max", "8192", NULL},
	    {"log", "stderr", NULL},
	    {"log", "syslog", NULL},
	    {"log", "/var/log/prebind.log", NULL},
	    {"log_level", "debug", NULL},
	    {"log_level", "error", NULL},
	    {"peer_users", "www-data  lighttpd\t nginx", "www-data lighttpd nginx"},
	    {"hosts", "WWW.Example.ORG example.org", "www.example.org example.org"},
	    {"hosts", "[::1] 127.0.0.1 xn--bcher-kva.example a_b", NULL},
	    {"base_path", "", NULL},
	    {"base_path", "/", NULL},
	    {"base_path", "/chat", NULL},
	    {"base_path", "/~bob/chat.fcgi", NULL},
	    {"base_path", "/ch\xc3\xa4t", NULL},
	    {"public_path", "/intern/chat", NULL},
	    {"session_cookie", "prebind_2", NULL},
	    {"login_url", "/login.php?next=chat&x=1;y", NULL},
	    {"login_url", "https://www.example.org:8443/login", NULL},
	    {"jid", "{user|lower}@chat.example.org", NULL},
	    {"jid", "u-{user}.x@localhost", NULL},
	    {"jid", "{email}@example.org", NULL},
	    {"jid", "{id}@example.org", NULL},
	    {"accounts", "map", NULL},
	    {"deny_jids", "root boss@example.org", NULL},
	    {"resource", "server", NULL},
	    {"resource", "{random}", NULL},
	    {"resource", "my web/{random} ü", NULL},
	    {"allow_http", "on", NULL},
	    {"session_idle", "300000ms", "5m"},
	    {"session_idle", "12h", NULL},
	    {"session_absolute", "24h", NULL},
	    {"session_absolute", "90m", NULL},
	    {"limit_login", "off", NULL},
	    {"limit_login", "1/1000ms", "1/1s"},
	    {"limit_bind_user", "1000000/24h", NULL},
	    {"limit_bind_ip", "5/60s", "5/1m"},
	    {"bosh_url", "https://chat.example.org:5281/http-bind", NULL},
	    {"bosh_hosts", "Node1.Example.ORG node2=chat2.example.org 10.0.0.3=[::1]",
	     "node1.example.org node2=chat2.example.org 10.0.0.3=[::1]"},
	    {"upstream_max", "1", NULL},
	    {"upstream_max", "1024", NULL},
	    {"hold", "2", NULL},
	    {"wait", "1", NULL},
	    {"wait", "60s", "60"},
	    {"wait", "5m", "300"},
	    {"timeout", "100ms", NULL},
	    {"timeout", "60s", "1m"},
	    {"timeout", "1500ms", NULL},
	    {"session_life", "0", NULL},
	    {"session_life", "0s", "0"},
	    {"session_life", "1h", NULL},
	    {"tigase_url", "https://[2001:db8::1]:8443/rest/adhoc/bosh@example.org", NULL},
	    {"tigase_url", "http://localhost:65535", NULL},
	    {"tigase_url", "http://a:1/b@c   https://d/b@c", "http://a:1/b@c https://d/b@c"},
	    {"tigase_api_key_in", "query", NULL},
	    {"tigase_format", "xml", NULL},
	    {"tigase_api_key_file", "/etc/prebind/api.key ; comment", "/etc/prebind/api.key"},
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = file_with(key_named(cases[i].key), cases[i].value);
		struct conf *conf = load_good(*state, text);
		char *out = printed(conf);
		assert_has_line(out, cases[i].key,
				cases[i].printed == NULL ? cases[i].value : cases[i].printed);
		free(out);
		conf_free(conf);
		free(text);
	}
}

TEST(values_that_may_not_be)
{
	/* clang-format off */
	static const struct {
		const char *key;
		const char *value;
		const char *wrong; /* behind "FILE:2: KEY: " */
	} cases[] = {
	    {"listen", ":9000",
	     "\":9000\" does not begin with /" ALLOWED_PATH ", at most 107 bytes"},
	    {"processes", "0", "\"0\" is too small; allowed: a whole number from 1 to 64"},
	    {"processes", "65", "\"65\" is too large; allowed: a whole number from 1 to 64"},
	    {"processes", "", "may not be empty; allowed: a whole number from 1 to 64"},
	    {"threads", "1025", "\"1025\" is too large; allowed: a whole number from 1 to 1024"},
	    {"threads", "18446744073709551617",
	     "\"18446744073709551617\" is too large; allowed: a whole number from 1 to 1024"},
	    {"threads", "-1",
	     "\"-1\" is not a whole number; allowed: a whole number from 1 to 1024"},
	    {"threads", "+1",
	     "\"+1\" is not a whole number; allowed: a whole number from 1 to 1024"},
	    {"threads", "0x10",
	     "\"0x10\" is not a whole number; allowed: a whole number from 1 to 1024"},
	    {"threads", "16;",
	     "\"16;\" is not a whole number; allowed: a whole number from 1 to 1024"},
	    {"threads", "16 # many", "a comment after a value begins with a blank and ; (not #)"},
	    {"log", "stdout",
	     "\"stdout\" does not begin with /; allowed: stderr, syslog, or a path that "
	     "begins with /"},
	    {"log_level", "Info", "\"Info\" is not known; allowed: debug, info, warn, error"},
	    {"sites", "sites.d/*.conf", "\"sites.d/*.conf\" does not begin with /" ALLOWED_PATH},
	    {"user", "www data", "\"www data\" has a blank in it; allowed: one word"},
	    {"peer_users", "a b a",
	     "\"a\" stands there twice; allowed: words with blanks between them, each once"},
	    {"peer_users", "",
	     "may not be empty; allowed: words with blanks between them, each once"},
	    {"hosts", "example.org:8080",
	     "\"example.org:8080\" has a port: leave it out, every port is meant" ALLOWED_HOSTS},
	    {"hosts", "[::1]:80",
	     "\"[::1]:80\" has a port: leave it out, every port is meant" ALLOWED_HOSTS},
	    {"hosts", "[x]", "\"[x]\" is not an IPv6 address" ALLOWED_HOSTS},
	    {"hosts", "[::1]x", "\"[::1]x\" is not an IPv6 address" ALLOWED_HOSTS},
	    {"hosts", "a A", "\"a\" stands there twice" ALLOWED_HOSTS},
	    {"hosts", "*.example.org",
	     "\"*.example.org\" is not a host name (one with other letters is written in its xn-- "
	     "form)" ALLOWED_HOSTS},
	    {"hosts", "a, b",
	     "\"a,\" is not a host name (one with other letters is written in its xn-- "
	     "form)" ALLOWED_HOSTS},
	    {"hosts", "example.org.",
	     "\"example.org.\" is too long or has an empty part" ALLOWED_HOSTS},
	    {"hosts", "a..b", "\"a..b\" is too long or has an empty part" ALLOWED_HOSTS},
	    {"base_path", "chat", "\"chat\" does not begin with /" ALLOWED_MOUNT},
	    {"base_path", "/chat/", "\"/chat/\" ends with /" ALLOWED_MOUNT},
	    {"base_path", "/a//b", "\"/a//b\" has an empty or dotted part" ALLOWED_MOUNT},
	    {"base_path", "/a/../b", "\"/a/../b\" has an empty or dotted part" ALLOWED_MOUNT},
	    {"base_path", "/a/..", "\"/a/..\" has an empty or dotted part" ALLOWED_MOUNT},
	    {"base_path", "/a b",
	     "\"/a b\" has a character other than letters, digits and - . _ ~ /" ALLOWED_MOUNT},
	    {"public_path", "/intern/chat/", "\"/intern/chat/\" ends with /" ALLOWED_MOUNT},
	    {"session_cookie", "a;b",
	     "\"a;b\" has a character other than letters, digits, - and _" ALLOWED_SESSION_COOKIE},
	    {"session_cookie", "__Host-x",
	     "\"__Host-x\" begins with __: the prefix __Host- is put before it by "
	     "itself" ALLOWED_SESSION_COOKIE},
	    {"session_cookie", "prebind-login",
	     "\"prebind-login\" ends as the names of our other cookies do" ALLOWED_SESSION_COOKIE},
	    {"session_cookie", "a2345678901234567890123456789012345678901",
	     "\"a2345678901234567890123456789012345678901\" is too long" ALLOWED_SESSION_COOKIE},
	    {"database", "prebind.db", "\"prebind.db\" does not begin with /" ALLOWED_PATH},
	    {"database", "", "may not be empty" ALLOWED_PATH},
	    {"templates", "", "may not be empty" ALLOWED_PATH},
	    {"identity", "", "may not be empty; allowed: " IDENTITIES ", each once"},
	    {"identity", "login login", "\"login\" stands there twice; allowed: " IDENTITIES ", each once"},
	    {"identity", "oracle login",
	     "\"oracle\" is not known; allowed: " IDENTITIES ", each once"},
	    {"remote_user_realm", "@EXAMPLE.ORG",
	     "\"@EXAMPLE.ORG\" has an @ in it: write the realm alone; allowed: a realm, without @"},
	    {"site_cookie", "a=b",
	     "\"a=b\" has a character that no cookie's name has; allowed: a cookie's name"},
	    {"site_cookie_transform", "md5",
	     "\"md5\" is not known; allowed: none, sha1, sha256, drupal"},
	    {"site_database", "file:/d?immutable=1",
	     "\"file:/d?immutable=1\" does not begin with /" ALLOWED_PATH},
	    {"token_format", "jws", "\"jws\" is not known; allowed: hmac, jwt"},
	    {"token_cookie", "a b",
	     "\"a b\" has a character that no cookie's name has; allowed: a cookie's name"},
	    {"token_origins", "https://a.org/chat",
	     "\"https://a.org/chat\" has a path: an origin ends with its host or port" ALLOWED_ORIGINS},
	    {"token_origins", "https://A.org",
	     "\"https://A.org\" has capital letters" ALLOWED_ORIGINS},
	    {"token_origins", "a.org",
	     "\"a.org\" does not begin with http:// or https://" ALLOWED_ORIGINS},
	    {"token_origins", "https://a.org https://a.org",
	     "\"https://a.org\" stands there twice" ALLOWED_ORIGINS},
	    {"allow_weak_hashes", "yes", "\"yes\" is neither; allowed: on, off"},
	    {"php_session_path", "sessions", "\"sessions\" is not a folder, or N;/FOLDER with at most 9 "
					     "levels" ALLOWED_PATH ", or N;/PATH or N;MODE;/PATH"},
	    {"php_session_path", "10;/s", "\"10;/s\" is not a folder, or N;/FOLDER with at most 9 "
					  "levels" ALLOWED_PATH ", or N;/PATH or N;MODE;/PATH"},
	    {"php_session_user", "user..name",
	     "\"user..name\" has an empty part; allowed: names with dots between them, as in user.name"},
	    {"php_session_user", "user|name",
	     "\"user|name\" has a | or a control character in it; allowed: names with dots between "
	     "them, as in user.name"},
	    {"php_session_max_age", "59s", "\"59s\" is too small; allowed: a time from 1m to 8760h, in ms, s, "
					   "m or h"},
	    {"login_url", "login.php",
	     "begins neither with / nor with http:// or https://" ALLOWED_LINK},
	    {"login_url", "//evil.example",
	     "begins with //, which names another host" ALLOWED_LINK},
	    {"login_url", "javascript:x",
	     "begins neither with / nor with http:// or https://" ALLOWED_LINK},
	    {"login_url", "/a\\b", BAD_CHARACTER ALLOWED_LINK},
	    {"jid", "", "may not be empty" ALLOWED_RULE},
	    {"jid", "user@example.org",
	     "\"user@example.org\" has no {user}, {user|lower}, {user|safe}, {email} or {id}" ALLOWED_RULE},
	    {"jid", "{user|upper}@example.org",
	     "\"{user|upper}@example.org\" has no {user}, {user|lower}, {user|safe}, {email} or {id}" ALLOWED_RULE},
	    {"jid", "{user}{user}@a",
	     "\"{user}{user}@a\" has more than one placeholder" ALLOWED_RULE},
	    {"jid", "{user}@{user|lower}",
	     "\"{user}@{user|lower}\" has more than one placeholder" ALLOWED_RULE},
	    {"jid", "}{user}@a", "\"}{user}@a\" has more than one placeholder" ALLOWED_RULE},
	    {"jid", "{user}", "\"{user}\" has no @ with a domain behind it" ALLOWED_RULE},
	    {"jid", "{user}@", "\"{user}@\" has no @ with a domain behind it" ALLOWED_RULE},
	    {"jid", "a@{user}", "\"a@{user}\" has its placeholder behind the @" ALLOWED_RULE},
	    {"jid", "{user}@a@b", "\"{user}@a@b\" has more than one @" ALLOWED_RULE},
	    {"jid", "{user}@a/web",
	     "\"{user}@a/web\" has a blank, a quote or another character that no bare JID has"
	     ALLOWED_RULE},
	    {"accounts", "some", "\"some\" is not known; allowed: all, map"},
	    {"resource", "", "may not be empty" ALLOWED_RANDOM},
	    {"resource", "a&b",
	     "\"a&b\" has one of & < > \" ' or a control character" ALLOWED_RANDOM},
	    {"resource", "it's",
	     "\"it's\" has one of & < > \" ' or a control character" ALLOWED_RANDOM},
	    {"resource", "a\tb",
	     "\"a?b\" has one of & < > \" ' or a control character" ALLOWED_RANDOM},
	    {"resource", "{random}{random}",
	     "\"{random}{random}\" has more than one placeholder" ALLOWED_RANDOM},
	    {"resource", "{rnd}", "\"{rnd}\" has a placeholder other than {random}" ALLOWED_RANDOM},
	    {"resource", "a}", "\"a}\" has a } without its {" ALLOWED_RANDOM},
	    {"resource", "}{random}", "\"}{random}\" has a } without its {" ALLOWED_RANDOM},
	    {"allow_http", "yes", "\"yes\" is neither" ALLOWED_BOOL},
	    {"allow_http", "", "may not be empty" ALLOWED_BOOL},
	    {"upstream_http", "ON", "\"ON\" is neither" ALLOWED_BOOL},
	    {"session_idle", "4m", "\"4m\" is too small" ALLOWED_IDLE},
	    {"session_idle", "25h", "\"25h\" is too large" ALLOWED_IDLE},
	    {"session_idle", "30", "\"30\" has no unit" ALLOWED_IDLE},
	    {"session_idle", "30min", "\"30min\" has an unknown unit" ALLOWED_IDLE},
	    {"session_idle", "1h30m", "\"1h30m\" has an unknown unit" ALLOWED_IDLE},
	    {"session_idle", "m", "\"m\" is not a time" ALLOWED_IDLE},
	    {"session_idle", "13h",
	     "780m is longer than session_absolute, 720m; allowed: at most that"},
	    {"session_absolute", "299999ms", "\"299999ms\" is too small" ALLOWED_IDLE},
	    {"limit_login", "10", "\"10\" is not a limit" ALLOWED_LIMIT},
	    {"limit_login", "on", "\"on\" is not a limit" ALLOWED_LIMIT},
	    {"limit_login", "0/1m", "\"0/1m\" counts to too few or too many" ALLOWED_LIMIT},
	    {"limit_login", "1000001/1m",
	     "\"1000001/1m\" counts to too few or too many" ALLOWED_LIMIT},
	    {"limit_bind_user", "1/999ms",
	     "\"1/999ms\" has a time that is too short or too long" ALLOWED_LIMIT},
	    {"limit_bind_user", "1/25h",
	     "\"1/25h\" has a time that is too short or too long" ALLOWED_LIMIT},
	    {"limit_bind_ip", "1/60", "\"1/60\" has no unit" ALLOWED_LIMIT},
	    {"backend", "prosody", "\"prosody\" is not known; allowed: tigase, bosh"},
	    {"bosh_url", "", "may not be empty" ALLOWED_LINK},
	    {"bosh_url", "/a;b",
	     "has a ; or , in it, which a Content-Security-Policy would take for its own"
	     ALLOWED_LINK},
	    {"bosh_url", "/a,b",
	     "has a ; or , in it, which a Content-Security-Policy would take for its own"
	     ALLOWED_LINK},
	    {"bosh_url", "/a b", BAD_CHARACTER ALLOWED_LINK},
	    {"bosh_url", "/a'b", BAD_CHARACTER ALLOWED_LINK},
	    {"bosh_url", "/\xc3\xa4", BAD_CHARACTER ALLOWED_LINK},
	    {"bosh_url", "ws://a/b",
	     "begins neither with / nor with http:// or https://" ALLOWED_LINK},
	    {"bosh_url", "http://u:p@a/b",
	     "has a user in it, which belongs in keys of its own" ALLOWED_LINK},
	    {"bosh_url", "http://{hostname}{hostname}/b", MORE_BRACES ALLOWED_LINK},
	    {"bosh_url", "http://{host}/b", MORE_BRACES ALLOWED_LINK},
	    {"bosh_url", "/b/}", MORE_BRACES ALLOWED_LINK},
	    {"bosh_url", "http://u@{hostname}/b",
	     "has a user in it, which belongs in keys of its own" ALLOWED_LINK},
	    {"bosh_url", "http://{hostname}:0/b", "has no valid port" ALLOWED_LINK},
	    {"bosh_hosts", "a a=b", "\"a=b\" stands there twice" ALLOWED_NODES},
	    {"bosh_hosts", "a= b", "\"a=\" has nothing on one side of its =" ALLOWED_NODES},
	    {"bosh_hosts", "=b", "\"=b\" has nothing on one side of its =" ALLOWED_NODES},
	    {"bosh_hosts", "a=b=c",
	     "\"a=b=c\" is not a host name (one with other letters is written in its xn-- "
	     "form)" ALLOWED_NODES},
	    {"bosh_hosts", "a=b:80",
	     "\"a=b:80\" has a port: leave it out, every port is meant" ALLOWED_NODES},
	    {"bosh_hosts", "*=b",
	     "\"*=b\" is not a host name (one with other letters is written in its xn-- "
	     "form)" ALLOWED_NODES},
	    {"upstream_max", "0", "\"0\" is too small; allowed: a whole number from 1 to 1024"},
	    {"upstream_max", "1025",
	     "\"1025\" is too large; allowed: a whole number from 1 to 1024"},
	    {"upstream_pin", "sha256/x", "\"sha256/x\" does not begin with sha256//" ALLOWED_PINS},
	    {"upstream_pin", "sha256//x=",
	     "\"sha256//x=\" is not the SHA-256 of a public key in base64" ALLOWED_PINS},
	    {"upstream_pin", PIN "=",
	     "\"" PIN "=\" is not the SHA-256 of a public key in base64" ALLOWED_PINS},
	    {"upstream_pin", PIN ";" PIN,
	     "\"" PIN ";" PIN "\" is not the SHA-256 of a public key in base64" ALLOWED_PINS},
	    {"upstream_pin", PIN, "needs https in every address of tigase_url"},
	    {"hold", "0", "\"0\" is too small; allowed: a whole number from 1 to 2"},
	    {"hold", "3", "\"3\" is too large; allowed: a whole number from 1 to 2"},
	    {"wait", "0", "\"0\" is too small; allowed: 1 to 300 seconds, as in 60 or 60s"},
	    {"wait", "301s", "\"301s\" is too large; allowed: 1 to 300 seconds, as in 60 or 60s"},
	    {"wait", "1500ms",
	     "\"1500ms\" is not in whole seconds; allowed: 1 to 300 seconds, as in 60 or 60s"},
	    {"wait", "long", "\"long\" is not a time; allowed: 1 to 300 seconds, as in 60 or 60s"},
	    {"timeout", "99ms",
	     "\"99ms\" is too small; allowed: a time from 100ms to 1m, in ms, s, m or h"},
	    {"timeout", "60001ms",
	     "\"60001ms\" is too large; allowed: a time from 100ms to 1m, in ms, s, m or h"},
	    {"timeout", "99999999999999999999h",
	     "\"99999999999999999999h\" is too large; allowed: a time from 100ms to 1m, in "
	     "ms, s, m or "
	     "h"},
	    {"session_life", "61m",
	     "\"61m\" is too large; allowed: a time from 0 to 1h, in ms, s, m or h"},
	    {"ca_file", "ca.pem", "\"ca.pem\" does not begin with /" ALLOWED_PATH},
	    {"tigase_url", "127.0.0.1:8080",
	     "does not begin with http:// or https://" ALLOWED_URLS},
	    {"tigase_url", "http://a'b/", BAD_CHARACTER ALLOWED_URLS},
	    {"tigase_url", "http://admin:pass word@a/", "has no valid port" ALLOWED_URLS},
	    {"tigase_url", "http://a/?api-key=x",
	     "has a query or a fragment" ALLOWED_URLS},
	    {"tigase_url", "http://admin:x@a/",
	     "has a user in it, which belongs in keys of its own"
	     ALLOWED_URLS},
	    {"tigase_url", "http:///a", "has no valid host" ALLOWED_URLS},
	    {"tigase_url", "http://[::1/a", "has no valid host" ALLOWED_URLS},
	    {"tigase_url", "http://[]/a", "has no valid host" ALLOWED_URLS},
	    {"tigase_url", "http://a$b/", "has no valid host" ALLOWED_URLS},
	    {"tigase_url", "http://a:/", "has no valid port" ALLOWED_URLS},
	    {"tigase_url", "http://a:0/", "has no valid port" ALLOWED_URLS},
	    {"tigase_url", "http://a:65536/", "has no valid port" ALLOWED_URLS},
	    {"tigase_url", "http://a:8x/", "has no valid port" ALLOWED_URLS},
	    {"tigase_url", "http://a/ http://b/?api-key=x",
	     "the address in place 2 has a query or a fragment" ALLOWED_URLS},
	    {"tigase_url", "http://a/ http://b/ http://a/",
	     "the address in place 3 stands there twice" ALLOWED_URLS},
	    {"tigase_url", "",
	     "is missing in [site a], which needs it with backend = tigase: Tigase's REST address, "
	     "with the JID of its BOSH component; or several, by preference."},
	    {"tigase_api_key_in", "path", "\"path\" is not known; allowed: header, query"},
	    {"tigase_format", "yaml", "\"yaml\" is not known; allowed: json, xml"},
	    {"tigase_user", "a b", "\"a b\" has a blank in it; allowed: one word"},
	    {"tigase_password_file", "secret", "\"secret\" does not begin with /" ALLOWED_PATH},
	    {"bosh_service", "/http-bind",
	     "does not begin with http:// or https://" ALLOWED_URLS},
	    {"bosh_auth", "scram", "\"scram\" is not known; allowed: password, jwt, oauth, token"},
	    {"bosh_mechanisms", "LOGIN",
	     "\"LOGIN\" is not known; allowed: SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, X-OAUTH2, each once"},
	    {"bosh_mechanisms", "X-OAUTH2",
	     "leaves none that bosh_auth can use; allowed: one or more of SCRAM-SHA-256 SCRAM-SHA-1 "
	     "PLAIN"},
	    {"bosh_password_query", "/q.sql",
	     "needs site_database beside it: the SQLite file with the passwords"},
    {"bosh_route", "b.org:5222", "\"b.org:5222\" is no route; allowed: xmpp:HOST:PORT"},
	    {"bosh_oauth_url", "ftp://b.org/",
	     "does not begin with http:// or https://; allowed: "
	     "http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH"},
	    {"bosh_oauth_user", "api@b.org", "needs bosh_oauth_password_file beside it"},
	    {"provision_user", "api@b.org", "needs provision_password_file beside it"},
	    {"provision_password_file", "/pp", "needs provision_user beside it"},
	    {"provision", "yes", "\"yes\" is not known; allowed: no, tigase, ejabberd, prosody-token"},
	    {"provision", "prosody-token",
	     "prosody-token needs backend = bosh and bosh_auth = token: with one-time tokens every "
	     "account is there"},
	    {"bosh_oauth_password_file", "/op", "needs bosh_oauth_user beside it"},
	    {"credentials", "on",
	     "hands out one-time passwords, which only backend = bosh with bosh_auth = token or jwt "
	     "makes"},
	    {"login_url", ";x", "a comment after a value begins with a blank and ; (not #)"},
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT(cases); i++) {
		char expected[ERROR_TEXT_MAX];
		snprintf(expected, sizeof(expected), ":2: %s: %s", cases[i].key, cases[i].wrong);
		char *text = file_with(key_named(cases[i].key), cases[i].value);
		if (cases[i].value[0] == ';') { /* only without the blank is it a value */
			char *blank = strstr(text, "= ;");
			memmove(blank + 1, blank + 2, strlen(blank + 1));
		}
		load_bad(*state, text, expected);
		free(text);
	}
}

/* The list may be long, and the placeholder stand anywhere. */
TEST(hostname_in_bosh_url)
{
	static const char *const urls[] = {
	    "https://{hostname}:5281/http-bind",
	    "https://{hostname}.example.org/http-bind",
	    "https://chat-{hostname}/http-bind",
	    "http://localhost/bosh?x={hostname}",
	    "/{hostname}/http-bind",
	};
	for (size_t i = 0; i < COUNT(urls); i++) {
		char text[512];
		snprintf(text, sizeof(text), "%sbosh_hosts = a b=c\nbosh_url = %s\n", SITE("a"),
			 urls[i]);
		struct conf *conf = load_good(*state, text);
		assert_string_equal(conf->sites[0].bosh_url, urls[i]);
		assert_int_equal(conf->sites[0].bosh_hosts.count, 2);
		assert_string_equal(conf->sites[0].bosh_hosts.items[1], "b=c");
		conf_free(conf);
	}
}

TEST(a_list_has_whole_words)
{
	struct conf *conf =
	    load_good(*state, "[site a]\n" DATABASE JID TIGASE "identity = remote_user login\n");
	const struct site_conf *site = &conf->sites[0];

	assert_true(conf_site_has_provider(site, PROVIDER_LOGIN));
	assert_true(conf_site_has_provider(site, PROVIDER_REMOTE_USER));
	assert_false(conf_site_has_provider(site, PROVIDER_TOKEN));
	assert_false(conf_list_has(&site->identity, "log"));
	assert_false(conf_list_has(&site->identity, ""));
	assert_false(conf_list_has(&site->hosts, "login"));
	conf_free(conf);
}

FIXTURE(NULL, NULL)

TEST(placeholders_are_filled)
{
	static const struct {
		const char *text, *filled;
	} rows[] = {
	    {"{hostname}",             "node"            },
            {"https://{hostname}:1/b", "https://node:1/b"},
	    {"/b?{hostname}",          "/b?node"         },
            {"{random}",               "{random}"        },
	    {"/{host}",                "/{host}"         },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool filled = strcmp(rows[i].text, rows[i].filled) != 0;
		struct strbuf out;
		strbuf_init(&out);
		placeholder_fill(rows[i].text, PLACEHOLDER_HOSTNAME, filled ? "node" : NULL, &out);
		assert_string_equal(out.data, rows[i].filled);
		assert_int_equal(placeholder_is_in(rows[i].text, PLACEHOLDER_HOSTNAME), filled);
		strbuf_clear(&out);
	}
}

FIXTURE(folder_make, folder_remove)

TEST(pins_with_https)
{
	struct conf *conf =
	    load_good(*state, "[site a]\n" DATABASE JID "tigase_url = https://a/b@c https://d/b@c\n"
			      "tigase_user = a@b\ntigase_password_file = /p\n"
			      "upstream_pin = " PIN "\n");
	assert_int_equal(conf->sites[0].upstream_pin.count, 1);
	assert_int_equal(conf->sites[0].tigase_url.count, 2);
	conf_free(conf);
}

TEST(socket_path_fits_sun_path)
{
	char path[109] = "/";
	memset(path + 1, 'x', 106); /* 107 bytes */
	char *text = file_with(key_named("listen"), path);
	conf_free(load_good(*state, text));
	free(text);

	char expected[256];
	path[107] = 'x';
	snprintf(expected, sizeof(expected), ":2: listen: \"%s\" is too long%s, at most 107 bytes",
		 path, ALLOWED_PATH);
	text = file_with(key_named("listen"), path);
	load_bad(*state, text, expected);
	free(text);
}

/* ---- whole files ---- */

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
	     ":1: threads: stands before the first section; begin with [server] or [site NAME]"},
	    {SITE("a") "thread = 1\n",
	     ":7: thread: unknown key; `prebindctl conf --keys` lists those allowed"},
	    {SITE("a") "Hold = 1\n",
	     ":7: Hold: unknown key; `prebindctl conf --keys` lists those allowed"},
	    {SITE("a") "threads = 1\n", ":7: threads: is a key of [server]; move it there"},
	    {"[server]\nhosts = a\n", ":2: hosts: is a key of [site NAME]; move it there"},
	    {SITE("a") "hold = 1\n\nhold = 1\n",
	     ":9: hold: is set in line 7 already; keep one of them"},
	    {"[server]\n[server]\n", ":2: [server]: stands there twice; put its keys together"},
	    {"[sites a]\n", ":1: [sites a]: unknown section; allowed: [server], [site NAME]"},
	    {"[site]\n", ":1: [site]: unknown section; allowed: [server], [site NAME]"},
	    {"[]\n", ":1: []: unknown section; allowed: [server], [site NAME]"},
	    {"[site ]\n", ":1: [site ]: has no valid name; allowed: letters, digits and - . _"},
	    {"[site a b]\n",
	     ":1: [site a b]: has no valid name; allowed: letters, digits and - . _"},
	    {"[site \"a\"]\n",
	     ":1: [site \"a\"]: has no valid name; allowed: letters, digits and - . _"},
	    {"[site a\n", ":1: " UNCLEAR},
	    {"[site a] x\n", ":1: " UNCLEAR},
	    {"[site a]; x\n", ":1: " UNCLEAR},
	    {"[site a]# x\n", ":1: " UNCLEAR},
	    {"[site a]\nhold\n", ":2: " UNCLEAR},
	    {"[site a]\nhold: 1\n", ":2: " UNCLEAR},
	    {"[site a]\n= 1\n", ":2: " UNCLEAR},
	    {"[site a]\nhold ; = 1\n", ":2: " UNCLEAR},
	    {"[site a]\njid = {user}@a\n two\n",
	     ":3: the line is indented, but a value cannot go on in a second line; begin it in the "
	     "first column"},
	    {"[site a]\n\thold = 1\n",
	     ":2: the line is indented, but a value cannot go on in a second line; begin it in the "
	     "first column"},
	    {" [site a]\n",
	     ":1: the line is indented, but a value cannot go on in a second line; begin it in the "
	     "first column"},
	    {"[site a]\nhold = \x01\n", ":2: the line has a control character; take it out"},
	    {"[site a]\nhold = 1\rwait = 1\n", ":2: the line has a control character; take it out"},
	    {"[site a]\n; \x7f\n", ":2: the line has a control character; take it out"},
	    {"[site a]\n; \xff\n",
	     ":2: the line is not valid UTF-8 text; write it in UTF-8 again"},
	    {"[site a]\n" JID TIGASE,
	     ":1: database: is missing in [site a], which needs it: The SQLite file with "
	     "users, login "
	     "sessions and the JID map."},
	    {"\n[site a]\n" DATABASE TIGASE,
	     ":2: jid: is missing in [site a], which needs it: The JID of a site user who "
	     "has no row in "
	     "the JID map."},
	    {"[site a]\n" DATABASE JID "tigase_url = http://a/\ntigase_user = b@c\n",
	     ":1: tigase_password_file: is missing in [site a], which needs it with backend "
	     "= tigase: "
	     "The file with that administrator's password; only its owner may read it."},
	    {"[site a]\n" DATABASE JID "tigase_url = http://a/\ntigase_password_file = /p\n",
	     ":1: tigase_user: is missing in [site a], which needs it with backend = tigase: The "
	     "administrator's JID to call Tigase with."},
	    {"[site a]\nbackend = bosh\n" NEEDS,
	     ":1: bosh_service: is missing in [site a], which needs it with backend = bosh: "
	     "The BOSH address that we log in at; or several, by preference."},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_cookie = c\n",
	     ":1: site_database: is missing in [site a], which needs it with provider "
	     "site_session: The site's own SQLite file; it is only read."},
	    {SITE("a") "identity = token\ntoken_audience = a\n",
	     ":1: token_key_file: is missing in [site a], which needs it with provider token: The "
	     "file with the keys of the tokens, a line kid:key each, up to four."},
	    {SITE("a") "identity = token\ntoken_key_file = /k\n",
	     ":1: token_audience: is missing in [site a], which needs it with provider token: The "
	     "aud that a token must have: whom it was made for."},
	    {SITE("a") "login_query = /q\n",
	     ":7: login_query: needs site_database beside it: the SQLite file of the site's users"},
	    {SITE("a") "identity = login php_session\n",
	     ":1: php_session_user: is missing in [site a], which needs it with provider "
	     "php_session: Where in the session the user stands: user.name is "
	     "$_SESSION['user']['name']."},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_cookie = c\n"
		       "site_database = /d\nsite_result = django\n",
	     ":11: site_secret_file: is missing in [site a], which needs it with site_result = "
	     "django: write Django's SECRET_KEY into a file of its own"},
	    {SITE("a") "identity = site_session\nsite_query = /q\nsite_cookie = c\n"
		       "site_database = /d\nsite_result = django\nsite_secret_file = /s\n",
	     ":11: site_profile_query: is missing in [site a], which needs it with site_result "
	     "= django: the query that finds the user's name (sql/sites/django-user.sql)"},
	    {SITE("a") "bosh_url = https://{hostname}/b\n",
	     ":7: bosh_url: has {hostname} in it, which needs bosh_hosts: the names of the "
	     "cluster's nodes, as NAME or NAME=PUBLIC"},
	    {SITE("a") "backend = bosh\nbosh_service = http://b/\nbosh_hosts = a\n"
		       "bosh_url = https://{hostname}/b\n",
	     ":10: bosh_url: has {hostname} in it, which only backend = tigase knows: write the "
	     "host's name"},
	    {"[site a]\n" DATABASE JID "backend = bosh\nupstream_pin = " PIN "\n"
	     "bosh_service = https://a/ http://b/\n",
	     ":5: upstream_pin: needs https in every address of bosh_service"},
	    {SITE("a") "session_absolute = 10m\n",
	     ":7: session_idle: 30m is longer than session_absolute, 10m; allowed: at most that"},
	    {SITE("a") "session_idle = 11m\nsession_absolute = 10m\n",
	     ":7: session_idle: 11m is longer than session_absolute, 10m; allowed: at most that"},
	    {SITE("a") "hosts = a\n" SITE("b"),
	     ":8: hosts: is empty in [site b]; allowed only where there is a single site, "
	     "and there "
	     "are 2"},
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT(cases); i++)
		load_bad(*state, cases[i].text, cases[i].wrong);
}

TEST(a_nul_is_refused)
{
	static const char text[] = SITE("a") "hold = 1\0 2\n";
	struct folder *folder = *state;
	struct conf *conf = NULL;
	file_write(folder->file, text, sizeof(text) - 1);
	assert_fails(conf_load(folder->file, &conf, ERR), STATUS_BAD_REQUEST,
		     ":7: the line has a NUL byte");
}

/* "FILE" in a sentence that names it twice. */
TEST(sites_that_clash)
{
	struct folder *folder = *state;
	char expected[256];
	snprintf(expected, sizeof(expected),
		 ":7: [site a]: is at %s:1 already; give it another name", folder->file);
	load_bad(folder, SITE("a") SITE("a"), expected);

	snprintf(expected, sizeof(expected),
		 ":15: hosts: \"b.org\" belongs to [site z] (%s:7) already; allowed: each host in "
		 "one site",
		 folder->file);
	load_bad(folder, SITE("z") "hosts = a.org b.org\n\n" SITE("y") "hosts = c.org B.ORG\n",
		 expected);
}

TEST(lines_and_sections_have_their_limits)
{
	static char blanks[100000];
	memset(blanks, ' ', sizeof(blanks) - 1);
	struct strbuf text;
	strbuf_init(&text);
	strbuf_addf(&text, SITE("a") "hold =%s2%s; comment\n;%s\n", blanks, blanks, blanks);
	struct conf *conf = load_good(*state, text.data);
	assert_int_equal(conf->sites[0].hold, 2);
	conf_free(conf);

	char name[256];
	memset(name, 'n', 255);
	strbuf_reset(&text);
	strbuf_addf(&text, "[site %.253s]\n" NEEDS, name);
	conf = load_good(*state, text.data);
	assert_int_equal(strlen(conf->sites[0].name), 253);
	conf_free(conf);

	strbuf_reset(&text);
	strbuf_addf(&text, "[site %.254s]\n" NEEDS, name);
	load_bad(*state, text.data, ":1: the section's name has 259 bytes; allowed: 258");
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
		struct conf *conf = load_good(*state, texts[i]);
		assert_string_equal(conf->sites[0].name, "a");
		assert_int_equal(conf->sites[0].hold, 2);
		conf_free(conf);
	}
}

TEST(file_is_checked_before_it_is_read)
{
	struct folder *folder = *state;
	struct conf *conf = NULL;
	char expected[ERROR_TEXT_MAX];

	assert_status(conf_load(folder->file, &conf, ERR), STATUS_NOT_FOUND);
	snprintf(expected, sizeof(expected), "%s: cannot be opened: No such file or directory",
		 folder->file);
	assert_string_equal(unit_error.text, expected);

	assert_status(conf_load(folder->path, &conf, ERR), STATUS_BAD_REQUEST);
	snprintf(expected, sizeof(expected), "%s: is not a regular file", folder->path);
	assert_string_equal(unit_error.text, expected);

	static const mode_t modes[] = {0664, 0646, 0620, 0602};
	file_write(folder->file, SITE("a"), strlen(SITE("a")));
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod(folder->file, modes[i]), 0);
		assert_status(conf_load(folder->file, &conf, ERR), STATUS_BAD_REQUEST);
		snprintf(expected, sizeof(expected),
			 "%s: may be written by others (mode %04o); run: chmod go-w %s",
			 folder->file, (unsigned)modes[i], folder->file);
		assert_string_equal(unit_error.text, expected);
	}
	assert_int_equal(truncate(folder->file, 16 * 1024 * 1024 + 1), 0);
	assert_int_equal(chmod(folder->file, 0600), 0);
	assert_status(conf_load(folder->file, &conf, ERR), STATUS_BAD_REQUEST);
	snprintf(expected, sizeof(expected), "%s: is larger than 16777216 bytes", folder->file);
	assert_string_equal(unit_error.text, expected);
	assert_null(conf);
}

/* ---- more than one site ---- */

TEST(sites_come_from_more_files)
{
	struct folder *folder = *state;
	char text[512];
	snprintf(text, sizeof(text), "[server]\nsites = %s/*.site\n" SITE("main") "hosts = m\n",
		 folder->path);
	file_write_in(folder, "2.site", SITE("two") "hosts = two.org\n");
	file_write_in(folder, "1.site",
		      SITE("one") "hosts = one.org\n" SITE("uno") "hosts = uno\n");
	file_write_in(folder, "3.other", "nonsense\n");

	struct conf *conf = load_good(folder, text);
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
	struct folder *folder = *state;
	char main_text[256];
	snprintf(main_text, sizeof(main_text), "[server]\nsites = %s/*.site\n", folder->path);
	file_write(folder->file, main_text, strlen(main_text));
	const struct {
		const char *text;
		const char *wrong;
	} cases[] = {
	    {"[server]\n",                      "1.site:1: [server]: may stand in %s alone"       },
	    {"hold = 1\n",
	     "1.site:1: hold: stands before the first section; begin with [server] or [site NAME]"},
	    {SITE("b") "hosts = c\nhold = 0\n",
	     "1.site:8: hold: \"0\" is too small; allowed: a whole number from 1 to 2"            },
	    {SITE("a") "hosts = c\n",
	     "2.site:1: [site a]: is at %s/1.site:1 already; give it another name"                },
	    {SITE("b") "hosts = a.org\n",
	     "2.site:7: hosts: \"a.org\" belongs to [site b] (%s/1.site:7) already; allowed: each "
	     "host in one site"								   },
	};
	file_write_in(folder, "2.site", SITE("a") "hosts = a.org\n");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf expected;
		strbuf_init(&expected);
		strbuf_addf(&expected, "%s/", folder->path);
		const char *mark = strstr(cases[i].wrong, "%s");
		size_t head =
		    mark == NULL ? strlen(cases[i].wrong) : (size_t)(mark - cases[i].wrong);
		strbuf_add(&expected, cases[i].wrong, head);
		if (mark != NULL) {
			strbuf_adds(&expected, mark[2] == '/' ? folder->path : folder->file);
			strbuf_adds(&expected, mark + 2);
		}
		struct conf *conf = NULL;
		file_write_in(folder, "1.site", cases[i].text);
		assert_status(conf_load(folder->file, &conf, ERR), STATUS_BAD_REQUEST);
		assert_string_equal(unit_error.text, expected.data);
		strbuf_clear(&expected);
	}
}

TEST(sites_pattern_may_find_nothing)
{
	struct folder *folder = *state;
	char text[512];
	snprintf(text, sizeof(text), "[server]\nsites = %s/none/*.conf\n" SITE("a"), folder->path);
	conf_free(load_good(folder, text));

	struct conf *conf = NULL;
	char expected[256];
	snprintf(text, sizeof(text), "[server]\nsites = %s/more.conf\n" SITE("a"), folder->path);
	file_write(folder->file, text, strlen(text));
	assert_status(conf_load(folder->file, &conf, ERR), STATUS_NOT_FOUND);
	snprintf(expected, sizeof(expected),
		 "%s/more.conf: cannot be opened: No such file or directory", folder->path);
	assert_string_equal(unit_error.text, expected);

	file_write_in(folder, "more.conf", SITE("b"));
	snprintf(text, sizeof(text), "[server]\nsites = %s/more.conf/*\n" SITE("a"), folder->path);
	conf_free(load_good(folder, text));
}

/* A link to itself: nobody can look into that folder, not even root. */
TEST(sites_pattern_that_cannot_be_searched)
{
	struct folder *folder = *state;
	char path[128];
	char text[512];
	char expected[256];
	snprintf(path, sizeof(path), "%s/loop", folder->path);
	assert_int_equal(symlink(path, path), 0);
	snprintf(text, sizeof(text), "[server]\n\nsites = %s/*.conf\n" SITE("a"), path);
	snprintf(expected, sizeof(expected),
		 ":3: sites: \"%s/*.conf\" cannot be searched; allowed: folders that we may read",
		 path);
	load_bad(folder, text, expected);
}

TEST(host_finds_its_site)
{
	struct conf *conf = load_good(*state, SITE("only"));
	assert_ptr_equal(conf_site_for_host(conf, "what.ever"), &conf->sites[0]);
	assert_ptr_equal(conf_site_for_host(conf, ""), &conf->sites[0]);
	assert_ptr_equal(conf_site_named(conf, NULL), &conf->sites[0]);
	assert_null(conf_site_named(conf, "default"));
	conf_free(conf);

	conf = load_good(*state, SITE("only") "hosts = a.org\n");
	assert_ptr_equal(conf_site_for_host(conf, "a.org"), &conf->sites[0]);
	assert_null(conf_site_for_host(conf, "b.org"));
	assert_null(conf_site_for_host(conf, ""));
	assert_null(conf_site_for_host(conf, NULL));
	conf_free(conf);

	conf = load_good(*state, SITE("b") "hosts = B.org\n" SITE("default") "hosts = a.org\n");
	assert_ptr_equal(conf_site_named(conf, NULL), &conf->sites[1]);
	assert_ptr_equal(conf_site_for_host(conf, "b.org"), &conf->sites[0]);
	assert_null(conf_site_named(conf, "a"));
	conf_free(conf);

	conf = load_good(*state, SITE("b") "hosts = b.org\n" SITE("c") "hosts = a.org\n");
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
	struct conf *conf = load_good(*state, text.data);
	assert_int_equal(conf->n_sites, 1000);
	for (int i = 0; i < 1000; i++) {
		char host[32];
		snprintf(host, sizeof(host), "www.h%d.org", i);
		assert_ptr_equal(conf_site_for_host(conf, host), &conf->sites[i]);
	}
	conf_free(conf);
	strbuf_clear(&text);
}

/* ---- which file a database is ---- */

/* Two sites in two files of `sites`; the second is the one that is refused or left out. */
static void write_two(const struct folder *folder, const char *first, const char *second)
{
	char text[1024];

	snprintf(text, sizeof(text), "[server]\nsites = %s/*.site\n", folder->path);
	file_write(folder->file, text, strlen(text));
	snprintf(text, sizeof(text), "[site a]\nhosts = a.org\ndatabase = %s\n" JID TIGASE, first);
	file_write_in(folder, "1.site", text);
	snprintf(text, sizeof(text), "[site b]\nhosts = b.org\n\ndatabase = %s\n" JID TIGASE,
		 second);
	file_write_in(folder, "2.site", text);
}

/* As an operator may write them; %s: the folder. `there` and what is made from it exist. */
static const struct {
	const char *first;
	const char *second;
	bool same;
} database_paths[] = {
    {"%s/there.db",     "%s/there.db",         true },
    {"%s/there.db",     "%s//.//there.db",     true },
    {"%s/there.db",     "%s/real/../there.db", true },
    {"%s/there.db",     "%s/symlink.db",       true },
    {"%s/hard.db",      "%s/there.db",         true },
    {"%s/linked/in.db", "%s/real/in.db",       true },
    {"%s/new.db",       "%s/new.db",           true },
    {"%s/new.db",       "%s/./new.db",         true },
    {"%s/real/new.db",  "%s/linked/new.db",    true },
    {"%s/real/new.db",  "%s/linked/./new.db",  true },
    {"%s/none/new.db",  "%s/none//new.db",     true },
    {"%s/none/new.db",  "%s/none/./new.db",    true },
    {"%s/there.db",     "%s/new.db",           false},
    {"%s/there.db",     "%s/real/there.db",    false},
    {"%s/new.db",       "%s/real/new.db",      false},
    {"%s/new.db",       "%s/New.db",           false},
    {"%s/none/new.db",  "%s/none/other.db",    false},
    {"%s/none/new.db",  "%s/no/new.db",        false},
};

static void make_databases(const struct folder *folder)
{
	const char *dir = folder->path;
	char command[1024];

	snprintf(command, sizeof(command),
		 "cd %s && touch there.db && ln -s there.db symlink.db && ln there.db hard.db && "
		 "mkdir real && touch real/in.db && ln -s real linked",
		 dir);
	assert_int_equal(system(command), 0);
}

/* Fills the two paths of a row in; the folder's name has no percent sign. */
static void row_write(const struct folder *folder, size_t i)
{
	char first[160], second[160];

	snprintf(first, sizeof(first), "%s%s", folder->path, database_paths[i].first + 2);
	snprintf(second, sizeof(second), "%s%s", folder->path, database_paths[i].second + 2);
	write_two(folder, first, second);
}

TEST(no_two_sites_have_one_database)
{
	struct folder *folder = *state;
	char expected[256];

	make_databases(folder);
	for (size_t i = 0; i < COUNT(database_paths); i++) {
		struct conf *conf = NULL;
		struct error err = {.text = ""};

		row_write(folder, i);
		enum status status = conf_load(folder->file, &conf, &err);
		if ((status == STATUS_OK) == database_paths[i].same)
			fail_msg("%s, %s: \"%s\"", database_paths[i].first,
				 database_paths[i].second, err.text);
		conf_free(conf);
		snprintf(expected, sizeof(expected),
			 "%s/2.site:4: database: is the file that [site a] (%s/1.site:3) has",
			 folder->path, folder->path);
		if (database_paths[i].same)
			assert_memory_equal(err.text, expected, strlen(expected));
	}
}

/* At a start the first is served, and the second never: its Host belongs to nobody. */
TEST(the_second_site_of_a_database_is_left_out)
{
	struct folder *folder = *state;

	make_databases(folder);
	for (size_t i = 0; i < COUNT(database_paths); i++) {
		struct conf *conf = NULL;

		row_write(folder, i);
		assert_ok(conf_load_start(folder->file, &conf, ERR));
		bool same = database_paths[i].same;
		assert_int_equal(conf->n_left_out, same ? 1 : 0);
		assert_int_equal(conf->n_sites, same ? 1 : 2);
		assert_non_null(conf_site_for_host(conf, "a.org"));
		assert_int_equal(conf_site_for_host(conf, "b.org") == NULL, same);
		conf_free(conf);
	}
}

/* What a file that is left out would have had is free for the next one. */
TEST(a_database_left_out_is_free)
{
	struct folder *folder = *state;
	struct conf *conf = NULL;

	write_two(folder, "/d/1.db", "/d/2.db");
	file_write_in(folder, "1.site",
		      "[site a]\nhosts = a.org\ndatabase = /d/2.db\n" JID TIGASE
		      "[site c]\nx = y\n");
	assert_ok(conf_load_start(folder->file, &conf, ERR));
	assert_int_equal(conf->n_sites, 1);
	assert_string_equal(conf->sites[0].name, "b");
	conf_free(conf);
}

TEST(a_side_file_is_no_database)
{
	static const char *const suffixes[] = {".limits", "-wal", "-shm", "-journal"};
	char text[512], expected[256];

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		snprintf(text, sizeof(text), "[site a]\ndatabase = /d/a.db%s\n" JID TIGASE,
			 suffixes[i]);
		snprintf(expected, sizeof(expected),
			 ":2: database: \"/d/a.db%s\" ends in %s, as files beside a database do: "
			 "choose another name",
			 suffixes[i], suffixes[i]);
		load_bad(*state, text, expected);
	}
	conf_free(load_good(*state, "[site a]\ndatabase = /d/-wal/limits\n" JID TIGASE));
}

/* ---- defaults, printing ---- */

TEST(defaults_are_as_documented)
{
	struct conf *conf = load_good(*state, SITE("a"));
	const struct server_conf *server = &conf->server;
	assert_string_equal(server->listen, "");
	assert_int_equal(server->processes, 2);
	assert_int_equal(server->threads, 16);
	assert_int_equal(server->waiting_max, 1024);
	assert_string_equal(server->log, "stderr");
	assert_int_equal(server->log_level, LOG_LEVEL_INFO);

	const struct site_conf *site = &conf->sites[0];
	assert_int_equal(site->line, 1);
	assert_int_equal(site->hosts.count, 0);
	assert_string_equal(site->base_path, "");
	assert_false(site->base_path_set);
	assert_string_equal(site->templates, PREBIND_DATADIR "/templates");
	assert_int_equal(site->identity.count, 1);
	assert_string_equal(site->identity.items[0], "login");
	assert_int_equal(site->accounts, ACCOUNTS_ALL);
	assert_string_equal(site->resource, "web-{random}");
	assert_false(site->allow_http);
	assert_int_equal(site->session_idle_ms, 30 * 60 * 1000);
	assert_int_equal(site->session_absolute_ms, 12 * 60 * 60 * 1000);
	assert_int_equal(site->limit_login.count, 10);
	assert_int_equal(site->limit_login.period_ms, 15 * 60 * 1000);
	assert_int_equal(site->limit_bind_user.count, 10);
	assert_int_equal(site->limit_bind_ip.count, 60);
	assert_int_equal(site->limit_bind_ip.period_ms, 60 * 1000);
	assert_int_equal(site->backend, BACKEND_TIGASE);
	assert_int_equal(site->hold, 1);
	assert_int_equal(site->wait, 60);
	assert_int_equal(site->timeout_ms, 4000);
	assert_int_equal(site->session_life_ms, 0);
	assert_false(site->upstream_http);
	assert_int_equal(site->tigase_format, FORMAT_JSON);
	assert_int_equal(site->bosh_auth, BOSH_AUTH_PASSWORD);
	conf_free(conf);
}

TEST(mount_point_at_the_root)
{
	struct conf *conf = load_good(*state, SITE("a") "base_path = /\nlimit_login = off\n");
	assert_string_equal(conf->sites[0].base_path, "");
	assert_true(conf->sites[0].base_path_set);
	assert_int_equal(conf->sites[0].limit_login.count, 0);
	conf_free(conf);

	conf = load_good(*state, SITE("a") "base_path = /chat\n");
	assert_string_equal(conf->sites[0].base_path, "/chat");
	assert_true(conf->sites[0].base_path_set);
	assert_false(conf->sites[0].public_path_set);
	conf_free(conf);

	conf = load_good(*state, SITE("a") "base_path = /chat\npublic_path = /\n");
	assert_string_equal(conf->sites[0].base_path, "/chat");
	assert_string_equal(conf->sites[0].public_path, "");
	assert_true(conf->sites[0].public_path_set);
	conf_free(conf);
}

/* A value for each key that is not its default; a key that is not here fails the test below. */
static const struct {
	const char *key;
	const char *value;
} samples[] = {
    {"listen",		   "/run/x.sock"                  },
    {"processes",                "3"			    },
    {"threads",		  "17"			   },
    {"waiting_max",              "17"			   },
    {"log",		      "syslog"		       },
    {"log_level",                "warn"			 },
    {"sites",		    "/nowhere/at/all/*.conf"       },
    {"user",		     "prebind"		      },
    {"socket_group",             "web"			  },
    {"peer_users",               "lighttpd nginx"               },
    {"allow_tcp",                "on"			   },
    {"hosts",		    "example.org www.example.org"  },
    {"base_path",                "/chat"                        },
    {"public_path",              "/intern/chat"                 },
    {"session_cookie",           "prebind2"                     },
    {"database",		 "/d"			   },
    {"templates",                "/t"			   },
    {"identity",		 "login"			},
    {"login_url",                "/login.php"                   },
    {"jid",		      "{user|lower}@b.org"           },
    {"accounts",		 "map"			  },
    {"deny_jids",                "boss root@b.org"              },
    {"resource",		 "fixed"			},
    {"allow_http",               "on"			   },
    {"session_idle",             "7m"			   },
    {"session_absolute",         "8h"                           },
    {"limit_login",              "1/2s"                         },
    {"limit_bind_user",          "off"                          },
    {"limit_bind_ip",            "3/4h"                         },
    {"login_query",              "/lq.sql"                      },
    {"allow_weak_hashes",        "on"                           },
    {"token_cookie",             "tok"			  },
    {"token_format",             "jwt"			  },
    {"token_key_file",           "/tkf"                         },
    {"token_audience",           "a.org"                        },
    {"token_user_claim",         "preferred_username"           },
    {"token_origins",            "https://a.org http://b.org:81"},
    {"exclude_users",            "0 nobody"                     },
    {"remote_user_realm",        "EXAMPLE.ORG"                  },
    {"remote_user_auth_types",   "Basic Negotiate"              },
    {"site_database",            "/sd"                          },
    {"site_query",               "/sq.sql"                      },
    {"site_cookie",              "sid"			  },
    {"site_cookie_transform",    "drupal"                       },
    {"site_profile_query",       "/sp.sql"                      },
    {"site_result",              "django"                       },
    {"site_secret_file",         "/ss"                          },
    {"php_session_path",         "2;600;/var/sessions"          },
    {"php_session_cookie",       "SID"                          },
    {"php_session_user",         "user.name"                    },
    {"php_session_display",      "user.shown"                   },
    {"php_session_format",       "php_binary"                   },
    {"php_session_max_age",      "90m"                          },
    {"php_session_owner",        "www-data"                     },
    {"gateway",		  "on"			   },
    {"language",		 "de fr"			},
    {"client",		   "converse"                     },
    {"limit_gateway",            "5/6h"                         },
    {"backend",		  "bosh"			 },
    {"bosh_url",		 "https://b.org/bosh"           },
    {"bosh_hosts",               "n1=chat1.b.org n2.b.org"      },
    {"hold",		     "2"			    },
    {"wait",		     "61"			   },
    {"timeout",		  "250ms"			},
    {"session_life",             "11s"			  },
    {"upstream_http",            "on"			   },
    {"ca_file",		  "/ca.pem"                      },
    {"upstream_pin",             PIN			    },
    {"upstream_max",             "17"			   },
    {"tigase_url",               "https://t.org/x http://u/x"   },
    {"tigase_format",            "xml"                          },
    {"tigase_user",              "root@t.org"                   },
    {"tigase_password_file",     "/p"                           },
    {"tigase_api_key_file",      "/k"                           },
    {"tigase_api_key_in",        "query"                        },
    {"provision",                "ejabberd"                     },
    {"provision_url",            "https://b.org/api/register"   },
    {"provision_user",           "api@b.org"                    },
    {"provision_password_file",  "/pp"                          },
    {"bosh_service",             "https://b.org/http-bind"      },
    {"bosh_auth",                "jwt"			  },
    {"bosh_mechanisms",          "PLAIN"                        },
    {"bosh_password_query",      "/pq.sql"                      },
    {"bosh_route",               "xmpp:x.b.org:5222"            },
    {"bosh_token_key_file",      "/tk"                          },
    {"bosh_jwt_key_file",        "/jk"                          },
    {"bosh_oauth_url",           "https://b.org/api/token"      },
    {"bosh_oauth_user",          "api@b.org"                    },
    {"bosh_oauth_password_file", "/op"                          },
    {"credentials",              "on"			   },
};

static const char *sample_for(const char *name)
{
	for (size_t i = 0; i < COUNT(samples); i++) {
		if (strcmp(samples[i].key, name) == 0)
			return samples[i].value;
	}
	fail_msg("no sample for %s", name);
	return NULL;
}

static void samples_write(struct strbuf *out)
{
	enum conf_section section = SECTION_NONE;
	for (size_t i = 0; i < conf_n_keys; i++) {
		if (conf_keys[i].section != section)
			strbuf_adds(out, conf_keys[i].section == SECTION_SERVER ? "[server]\n"
										: "[site s]\n");
		section = conf_keys[i].section;
		strbuf_addf(out, "%s = %s\n", conf_keys[i].name, sample_for(conf_keys[i].name));
	}
}

TEST(every_key_is_read_and_printed)
{
	assert_int_equal(conf_n_keys, COUNT(samples));
	struct strbuf text;
	struct strbuf json;
	struct strbuf reference;
	strbuf_init(&text);
	strbuf_init(&json);
	strbuf_init(&reference);
	samples_write(&text);
	struct conf *conf = load_good(*state, text.data);
	char *out = printed(conf);
	conf_print_json(conf, &json);
	conf_print_keys(&reference);

	struct json *root = NULL;
	assert_ok(json_parse(json.data, json.len, &root, ERR));
	const struct json *site = json_first(json_member(root, "sites"));
	assert_string_equal(json_string(json_member(site, "name")), "s");
	assert_non_null(strstr(out, "; below: the files of sites = /nowhere/at/all/*.conf\n"));
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		bool is_sites = strcmp(key->name, "sites") == 0;
		assert_has_line(out, key->name, is_sites ? "" : sample_for(key->name));
		bool server = key->section == SECTION_SERVER;
		assert_non_null(
		    json_member(server ? json_member(root, "server") : site, key->name));
		char row[64];
		snprintf(row, sizeof(row), "\n  %-20s  %-7s  ", key->name, value_type(key));
		assert_non_null(strstr(reference.data, row));
		assert_non_null(strstr(reference.data, key->what));
	}
	json_free(root);
	free(out);
	conf_free(conf);
	strbuf_clear(&text);
	strbuf_clear(&json);
	strbuf_clear(&reference);
}

TEST(json_has_types)
{
	struct conf *conf = load_good(*state, SITE("a") "hosts = x y\nallow_http = on\n");
	struct strbuf out;
	strbuf_init(&out);
	conf_print_json(conf, &out);
	struct folder *folder = *state;
	char head[160];
	snprintf(head, sizeof(head),
		 "{\"file\":\"%s\",\"server\":{\"listen\":\"\",\"processes\":2,", folder->file);
	assert_int_equal(strncmp(out.data, head, strlen(head)), 0);
	assert_non_null(
	    strstr(out.data, ",\"line\":1,\"hosts\":[\"x\",\"y\"],\"base_path\":\"\","));
	assert_non_null(strstr(out.data, "\"allow_http\":true,\"session_idle\":\"30m\","));
	assert_non_null(strstr(out.data, "\"wait\":60,\"timeout\":\"4s\","));
	strbuf_clear(&out);
	conf_free(conf);
}

TEST(what_is_printed_can_be_loaded)
{
	struct strbuf text;
	strbuf_init(&text);
	samples_write(&text);
	char wide[1000] = "ca_file = /";
	memset(wide + strlen(wide), 'x', sizeof(wide) - 1 - strlen(wide));
	strbuf_addf(&text, SITE("b") "hosts = b.b\nbase_path = /\n%s\n", wide);
	struct conf *conf = load_good(*state, text.data);
	char *first = printed(conf);
	assert_non_null(strstr(first, wide));
	conf_free(conf);

	/* The note on `sites` is gone the second time: its value was left empty. */
	conf = load_good(*state, first);
	char *second = printed(conf);
	assert_string_equal(strstr(second, "listen = "), strstr(first, "listen = "));
	conf_free(conf);
	free(first);
	free(second);
	strbuf_clear(&text);
}

FIXTURE(NULL, NULL)

TEST(sections_of_the_table)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		assert_ptr_equal(conf_key_find(key->section, key->name), key);
		assert_true(key->section == SECTION_SERVER || key->section == SECTION_SITE);
		assert_in_range(strlen(key->what), 10, 120);
		assert_int_equal(key->what[strlen(key->what) - 1], '.');
	}
}

/* ---- the example, run from the project's folder ---- */

FIXTURE(folder_make, folder_remove)

TEST(example_shows_every_key)
{
	static char text[65536];
	FILE *file = fopen("docs/prebind.conf.example", "r");
	assert_non_null(file);
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		bool installed = strcmp(key->name, "templates") == 0; /* depends on the prefix */
		char line[256];
		snprintf(line, sizeof(line),
			 key->initial[0] == '\0' || installed ? "\n;%s =%s" : "\n;%s = %s\n",
			 key->name, installed ? " /" : key->initial);
		if (strstr(text, line) == NULL && key->needed == NEEDED_NEVER)
			fail_msg("not in the example: %s", line);
		if (key->needed != NEEDED_NEVER) {
			snprintf(line, sizeof(line), "\n%s = ", key->name);
			char commented[256];
			snprintf(commented, sizeof(commented), "\n;%s = ", key->name);
			assert_true(strstr(text, line) != NULL || strstr(text, commented) != NULL);
		}
	}
	conf_free(load_good(*state, text));
}

/* ---- finding the file ---- */

/* Runs a copy of this program in FOLDER/bin; what it prints goes to out. */
static void find_from(const struct folder *folder, const char *variable, char out[1024])
{
	char command[512];
	snprintf(command, sizeof(command), "%s'%s/bin/program' " FIND_ARGUMENT, variable,
		 folder->path);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	size_t len = fread(out, 1, 1023, pipe);
	out[len] = '\0';
	assert_int_equal(pclose(pipe), 0);
}

static void program_copy(const struct folder *folder)
{
	char command[PATH_MAX + 256];
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(len > 0);
	self[len] = '\0';
	snprintf(command, sizeof(command), "mkdir '%s/bin' '%s/etc' && cp '%s' '%s/bin/program'",
		 folder->path, folder->path, self, folder->path);
	assert_int_equal(system(command), 0);
}

TEST(file_is_looked_for_in_order)
{
	struct folder *folder = *state;
	char out[1024];
	char expected[1024];
	program_copy(folder);
	snprintf(expected, sizeof(expected),
		 "no prebind.conf: neither the option -c nor PREBIND_CONF names one, and there is "
		 "neither "
		 "%s/etc/prebind.conf nor " PREBIND_SYSCONFDIR "/prebind.conf",
		 folder->path);
	find_from(folder, "PREBIND_CONF= ", out);
	if (access(PREBIND_SYSCONFDIR "/prebind.conf", F_OK) == 0)
		strcpy(expected, PREBIND_SYSCONFDIR "/prebind.conf");
	assert_string_equal(out, expected);

	file_write_in(folder, "etc/prebind.conf", "");
	snprintf(expected, sizeof(expected), "%s/etc/prebind.conf", folder->path);
	find_from(folder, "PREBIND_CONF= ", out);
	assert_string_equal(out, expected);
	find_from(folder, "PREBIND_CONF=/some/where ", out);
	assert_string_equal(out, "/some/where");
}

FIXTURE(NULL, NULL)

TEST(option_comes_first)
{
	char *file = NULL;
	setenv("PREBIND_CONF", "/from/the/environment", 1);
	assert_ok(conf_file_find("mine.conf", &file, ERR));
	assert_string_equal(file, "mine.conf");
	free(file);
	unsetenv("PREBIND_CONF");
}

/* glibc gives main()'s arguments to constructors, too. */
__attribute__((constructor)) static void find_and_print(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], FIND_ARGUMENT) != 0)
		return;
	char *file = NULL;
	struct error err = {.text = ""};
	if (conf_file_find(NULL, &file, &err) == STATUS_OK)
		printf("%s", file);
	else
		printf("%s", err.text);
	free(file);
	exit(0);
}

TEST(free_takes_null)
{
	conf_free(NULL);
}
