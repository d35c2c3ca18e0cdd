/*
 * Provider php_session: the walk over PHP's format (right, wrong, cut off, changed byte by byte),
 * and the files.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/codec.h"
#include "base/secret.h"
#include "identity/identity.h"
#include "identity/packed_php.h"
#include "identity/php_serialize.h"

#define NOW      1800000000
#define SID      "abcdefghij0123456789ABCDEF"
#define MAX_AGE  1440
#define STRANGER 65534

/* ---- the format ---- */

static enum status get(enum conf_php_format format, const char *data, size_t len, const char *path,
		       char **out, struct error *err)
{
	/* a copy of its own, so that a byte too many is seen by the sanitizer */
	char *copy = malloc(len > 0 ? len : 1);
	struct php_session session = {.format = format, .data = copy, .len = len};

	assert_non_null(copy);
	memcpy(copy, data, len);
	enum status status = php_session_get(&session, path, out, err);
	free(copy);
	return status;
}

struct row {
	const char *path, *data;
	enum status status;
	const char *said; /* the value, or what the sentence holds */
};

static void check_rows(enum conf_php_format format, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error err = {0};
		char *value = NULL;
		enum status status =
		    get(format, rows[i].data, strlen(rows[i].data), rows[i].path, &value, &err);

		if (status != rows[i].status)
			fail_msg("row %zu, %s: status %d, '%s'", i, rows[i].data, status, err.text);
		const char *said = status == STATUS_OK ? value : err.text;
		if (status == STATUS_OK ? strcmp(said, rows[i].said) != 0
					: strstr(said, rows[i].said) == NULL)
			fail_msg("row %zu, %s: '%s'", i, rows[i].data, said);
		free(value);
	}
}

#define OK   STATUS_OK
#define NONE STATUS_NOT_FOUND
#define BAD  STATUS_BAD_REQUEST

TEST(test_php_format)
{
	static const struct row rows[] = {
	    {"user",      "user|s:5:\"alice\";",                                       OK,   "alice"               },
	    {"user",      "a|i:1;user|s:5:\"alice\";z|b:1;",                           OK,   "alice"               },
	    {"user",      "user|i:17;",						OK,   "17"                  },
	    {"user",      "user|i:-1;",						OK,   "-1"                  },
	    {"user",      "user|s:0:\"\";",					    OK,   ""                    },
	    {"user",      "user|s:4:\"a\";b\";",                                       OK,   "a\";b"               },
	    {"user.name", "user|a:2:{s:2:\"id\";i:1;s:4:\"name\";s:3:\"bob\";}",       OK,   "bob"                 },
	    {"user.0",    "user|a:1:{i:0;s:3:\"bob\";}",                               OK,   "bob"                 },
	    {"a.b.c",     "a|a:1:{s:1:\"b\";a:1:{s:1:\"c\";s:1:\"x\";}}",              OK,   "x"                   },
	    {"user.name", "user|O:4:\"User\":1:{s:4:\"name\";s:3:\"bob\";}",           OK,   "bob"                 },
	    {"user",      "o|O:8:\"stdClass\":0:{}user|s:1:\"x\";",                    OK,   "x"                   },
	    {"user",      "e|E:9:\"Suit:Clubs\";user|s:1:\"x\";",                      BAD,  "delimiter"           },
	    {"user",      "e|E:10:\"Suit:Clubs\";user|s:1:\"x\";",                     OK,   "x"                   },
	    {"user",      "c|C:3:\"Abc\":5:{}{};\"}user|s:1:\"x\";",                   OK,   "x"                   },
	    {"user",      "d|d:0.10000000000000001;user|s:1:\"x\";",                   OK,   "x"                   },
	    {"user",      "d|d:-INF;n|d:NAN;e|d:1.0E+25;user|s:1:\"x\";",              OK,   "x"                   },
	    {"user",      "o|a:2:{i:0;s:1:\"a\";i:1;R:2;}user|s:1:\"x\";",             OK,   "x"                   },
	    {"user",      "!undef|user|s:1:\"x\";",                                    BAD,  "unknown type"        },
	    {"user",      "!x|s:23:\"x|N;user|s:5:\"admin\";!|\";csrf|s:1:\"a\";",     NONE,
	     "not in the session"										  },
	    {"!x",        "!x|s:23:\"x|N;user|s:5:\"admin\";!|\";csrf|s:1:\"a\";",     OK,
	     "x|N;user|s:5:\"admin\";!|"									   },
	    {"user",      "a|s:1:\"x\";user|R:1;",                                     OK,   "x"                   },
	    {"user",      "a|i:5;user|R:1;",					   OK,   "5"                   },
	    {"user",      "a|a:1:{i:0;s:1:\"x\";}user|R:2;",                           OK,   "x"                   },
	    {"user.name", "a|s:1:\"x\";user|a:1:{s:4:\"name\";R:1;}",                  OK,   "x"                   },
	    {"user",      "a|N;user|R:1;",					     NONE, "not in the session"  },
	    {"user",      "a|a:0:{}user|R:1;",                                         BAD,  "neither"             },
	    {"user",      "user|s:1:\"x\";a|R:2;",                                     BAD,  "reference"           },
	    {"user",      "user|s:1:\"x\";a|R:0;",                                     BAD,  "reference"           },
	    {"user",      "user|s:1:\"x\";a|r:1;",                                     BAD,  "reference"           },
	    {"user",      "o|O:1:\"A\":0:{}user|s:1:\"x\";a|r:1;",                     OK,   "x"                   },
	    {"user.name", "user|a:1:{s:4:\"name\";s:1:\"x\";}user|N;",                 BAD,  "twice"               },
	    {"user",      "a|a:2:{i:1;i:2;s:1:\"1\";i:3;}user|s:1:\"x\";",             BAD,  "twice"               },
	    {"user",      "d|d:1.2.3;user|s:1:\"x\";",                                 BAD,  "number"              },
	    {"user",      "user|i:007;",					       BAD,  "number"              },
	    {"user",      "user|i:9223372036854775808;",                               BAD,  "number"              },
	    {"user",      "user|i:-9223372036854775808;",                              OK,   "-9223372036854775808"},
	    {"1",         "1|s:1:\"x\";",					      BAD,  "number"              },
	    {"user",      "",							  NONE, "not in the session"  },
	    {"user",      "other|s:5:\"alice\";",                                      NONE, "not in the session"  },
	    {"user",      "user|N;",						   NONE, "not in the session"  },
	    {"user",      "user|b:0;",						 NONE, "not in the session"  },
	    {"user.name", "user|a:0:{}",					       NONE, "not in the session"  },
	    {"user.name", "user|s:4:\"name\";",                                        NONE, "not in the session"  },
	    {"user.name", "user|N;",						   NONE, "not in the session"  },
	    {"user",      "users|s:1:\"x\";use|s:1:\"y\";",                            NONE, "not in the session"  },
	    {"name",      "user|a:1:{s:4:\"name\";s:3:\"bob\";}",                      NONE, "not in the session"  },
	    {"user",      "user|b:1;",						 BAD,  "neither"             },
	    {"user",      "user|d:1.5;",					       BAD,  "neither"             },
	    {"user",      "user|a:0:{}",					       BAD,  "neither"             },
	    {"user",      "user|O:1:\"A\":0:{}",                                       BAD,  "neither"             },
	    {"user",      "user|C:1:\"A\":0:{}",                                       BAD,  "neither"             },
	    {"user",      "a|s:5:\"alice\";user|R:1;",                                 OK,   "alice"               },
	    {"user.name", "a|a:0:{}user|r:1;",                                         BAD,  "reference"           },
	    {"user.name", "user|a:1:{s:4:\"name\";R:1;}",                              BAD,  "neither"             },
	    {"user.name", "user|C:1:\"A\":0:{}",                                       BAD,  "packed"              },
	    {"user",      "user|s:1:\"a\";user|s:1:\"b\";",                            BAD,  "twice"               },
	    {"user.name", "user|a:2:{s:4:\"name\";s:1:\"a\";s:4:\"name\";s:1:\"b\";}", BAD,
	     "twice"											       },
	    {"user",      "user",						      BAD,  "not followed by |"   },
	    {"user",      "user|",						     BAD,  "too early"           },
	    {"user",      "user|s:5:\"alice\"",                                        BAD,  "delimiter"           },
	    {"user",      "user|s:6:\"alice\";",                                       BAD,  "at byte"             },
	    {"user",      "user|s:4:\"alice\";",                                       BAD,  "delimiter"           },
	    {"user",      "user|s:-1:\"alice\";",                                      BAD,  "number"              },
	    {"user",      "user|s:99999999999999999999:\"a\";",                        BAD,  "larger"              },
	    {"user",      "user|s:18446744073709551617:\"a\";",                        BAD,  "larger"              },
	    {"user",      "user|s:999999999999999999999999999:\"a\";",                 BAD,  "number"              },
	    {"user",      "user|i:1",						  BAD,  "number"              },
	    {"user",      "user|i:;",						  BAD,  "number"              },
	    {"user",      "user|i:0x10;",					      BAD,  "number"              },
	    {"user",      "user|i: 1;",						BAD,  "number"              },
	    {"user",      "user|b:2;",						 BAD,  "bool"                },
	    {"user",      "user|x:2;",						 BAD,  "unknown type"        },
	    {"user",      "user|S:1:\"a\";",					   BAD,  "unknown type"        },
	    {"user",      "user|a:1000000000:{}",                                      BAD,  "larger"              },
	    {"user",      "a|a:2:{i:0;i:1;}user|s:1:\"x\";",                           BAD,  "delimiter"           },
	    {"user",      "a|a:1:{i:0;i:1;i:2;i:3;}user|s:1:\"x\";",                   BAD,  "delimiter"           },
	    {"user",      "a|a:1:{b:1;i:1;}user|s:1:\"x\";",                           BAD,  "delimiter"           },
	    {"user",      "user|s:1:\"x\";rubbish",                                    BAD,  "not followed by |"   },
	};

	check_rows(PHP_FORMAT_PHP, rows, COUNT(rows));
}

TEST(test_php_serialize_format)
{
	static const struct row rows[] = {
	    {"user",      "a:1:{s:4:\"user\";s:5:\"alice\";}",                  OK,   "alice"             },
	    {"user.name", "a:1:{s:4:\"user\";a:1:{s:4:\"name\";s:3:\"bob\";}}", OK,   "bob"               },
	    {"user",      "",						   NONE, "not in the session"},
	    {"user",      "a:0:{}",					     NONE, "not in the session"},
	    {"user",      "a:1:{s:4:\"user\";s:5:\"alice\";}x",                 BAD,  "follows the end"   },
	    {"user",      "user|s:5:\"alice\";",                                BAD,  "php_session_format"},
	    {"user",      "O:1:\"A\":1:{s:4:\"user\";s:1:\"x\";}",              BAD,  "a single array"    },
	    {"user",      "s:5:\"alice\";",                                     BAD,  "a single array"    },
	};

	check_rows(PHP_FORMAT_SERIALIZE, rows, COUNT(rows));
}

TEST(test_php_binary_format)
{
	static const struct row rows[] = {
	    {"user", "\x04users:5:\"alice\";", OK,   "alice"             },
	    {"user",
	     "\x01"
	     "ai:1;\x04useri:7;",	      OK,   "7"                 },
	    {"user", "\x84user\x01xi:1;",      BAD,  "longer"            },
	    {"user", "\x84users:1:\"x\";",     BAD,  "longer"            },
	    {"user", "",                       NONE, "not in the session"},
	    {"user", "\x7fuser",               BAD,  "longer"            },
	    {"user", "\x04user",               BAD,  "too early"         },
	    {"user", "user|s:5:\"alice\";",    BAD,  "at byte"           },
	};

	check_rows(PHP_FORMAT_BINARY, rows, COUNT(rows));
}

TEST(test_bounds)
{
	struct strbuf text;
	struct error err;
	char *value = NULL;

	for (int depth = PHP_DEPTH_MAX - 1; depth <= PHP_DEPTH_MAX + 1; depth++) {
		strbuf_init(&text);
		strbuf_adds(&text, "a|");
		for (int i = 0; i < depth; i++)
			strbuf_adds(&text, "a:1:{i:0;");
		strbuf_adds(&text, "N;");
		for (int i = 0; i < depth; i++)
			strbuf_adds(&text, "}");
		assert_int_equal(get(PHP_FORMAT_PHP, text.data, text.len, "user", &value, &err),
				 depth < PHP_DEPTH_MAX ? STATUS_NOT_FOUND : STATUS_BAD_REQUEST);
		strbuf_clear(&text);
	}
	strbuf_init(&text);
	for (int i = 0; i <= PHP_VALUES_MAX; i++)
		strbuf_adds(&text, "a|N;");
	assert_int_equal(get(PHP_FORMAT_PHP, text.data, text.len, "user", &value, &err), BAD);
	assert_holds(err.text, "too many values");
	strbuf_clear(&text);
	assert_int_equal(get(PHP_FORMAT_PHP, "user|s:3:\"a\0b\";", 15, "user", &value, &err), BAD);
	assert_int_equal(get(PHP_FORMAT_PHP, "user|N;", 7, "a.b.c.d.e.f.g.h.i", &value, &err), BAD);
	assert_null(value);
}

static const char sample[] =
    "csrf|s:4:\"x|y;\";user|a:3:{s:2:\"id\";i:17;s:4:\"name\";s:5:\"alice\";s:4:\"role\";N;}"
    "cart|O:4:\"Cart\":2:{s:5:\"items\";a:1:{i:0;d:1.5;}s:8:\"\0Cart\0ok\";b:1;}";

/*
 * Whatever is cut off or changed: never a crash, never another user, and cut off never a user at
 * all.
 */
TEST(test_mutants)
{
	static const char bytes[] = {0,   '\n', '"', ':', ';', '{',       '}',
				     '|', '0',  '9', 'a', 'O', (char)0xff};
	const size_t len = sizeof(sample) - 1;
	char copy[sizeof(sample)];
	char *value = NULL;
	long kept = 0;

	for (size_t cut = 1; cut < len; cut++) {
		enum status status =
		    get(PHP_FORMAT_PHP, sample, len - cut, "user.name", &value, NULL);
		if (status == STATUS_OK) { /* only between two variables */
			assert_string_equal(value, "alice");
			assert_int_equal(sample[len - cut - 1], '}');
			free(value);
		}
	}
	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			memcpy(copy, sample, sizeof(sample));
			copy[at] = bytes[i];
			value = NULL;
			if (get(PHP_FORMAT_PHP, copy, len, "user.name", &value, NULL) == STATUS_OK)
				kept += strcmp(value, "alice") == 0;
			free(value);
			value = NULL;
			if (get(PHP_FORMAT_BINARY, copy, len, "user.name", &value, NULL) ==
			    STATUS_OK)
				fail_msg("another format was read as this one");
		}
	}
	assert_true(kept > 100);
}

TEST(test_noise)
{
	unsigned char noise[64];
	char *value = NULL;

	for (int i = 0; i < 20000; i++) {
		secret_random(noise, sizeof(noise));
		for (size_t at = 0; at < sizeof(noise); at++)
			noise[at] = (unsigned char)"aisO:;{}\"|0129nN"[noise[at] & 15];
		for (int format = PHP_FORMAT_PHP; format <= PHP_FORMAT_BINARY; format++)
			if (get((enum conf_php_format)format, (char *)noise, sizeof(noise), "a",
				&value, NULL) == STATUS_OK)
				free(value);
	}
}

/* ---- the files ---- */

struct fixture {
	const char *file; /* of the session SID */
	char save_path[96];
	struct site_conf conf;
	char *providers[1];
	char *excluded[2];
	struct identity_chain *chain;
	struct request req;
	char user[300];
	struct error err;
};

static void set_age(struct fixture *f, long seconds)
{
	struct timespec times[2] = {{.tv_sec = NOW - seconds}, {.tv_sec = NOW - seconds}};

	assert_int_equal(utimensat(AT_FDCWD, f->file, times, 0), 0);
}

static void write_session(struct fixture *f, const char *text)
{
	unit_write(f->file, text);
	set_age(f, 10);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_ok(secret_start(ERR));
	unit_folder_make(NULL);
	f->file = unit_path("sess_" SID);
	snprintf(f->save_path, sizeof(f->save_path), "%s", unit_folder());
	f->providers[0] = (char *)"php_session";
	f->excluded[0] = (char *)"0";
	f->excluded[1] = (char *)"guest";
	f->conf = (struct site_conf){
	    .name = (char *)"test",
	    .identity = {.items = f->providers, .count = 1},
	    .exclude_users = {.items = f->excluded,  .count = 2},
	    .php_session_path = f->save_path,
	    .php_session_cookie = (char *)"PHPSESSID",
	    .php_session_user = (char *)"user.name",
	    .php_session_display = (char *)"user.shown",
	    .php_session_max_age_ms = MAX_AGE * 1000L,
	    .php_session_owner = (char *)"",
	};
	f->req.cookie = (char *)"a=b; PHPSESSID=" SID;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	identity_chain_close(f->chain);
	free(f);
	return unit_folder_remove(NULL);
}

static enum identity_verdict find(struct fixture *f)
{
	struct identity who = {0};

	if (f->chain == NULL && identity_chain_open(&f->conf, &f->chain, &f->err) != STATUS_OK)
		fail_msg("%s", f->err.text);
	struct identity_context context = {
	    .conf = &f->conf, .chain = f->chain, .req = &f->req, .now = NOW};
	f->err = (struct error){0};
	enum identity_verdict verdict = identity_find(&context, &who, &f->err);
	if (verdict == IDENTITY_YES) {
		snprintf(f->user, sizeof(f->user), "%s/%s", who.user, who.display_name);
		assert_string_equal(who.source, "php_session");
		assert_false(who.ours);
		assert_non_null(who.session);
	}
	identity_clear(&who);
	return verdict;
}

#define SESSION(name) "user|a:1:{s:4:\"name\";" name "}"

FIXTURE(setup, teardown)

TEST(test_session_is_found)
{
	struct fixture *f = *state;

	write_session(f, "user|a:2:{s:4:\"name\";s:5:\"alice\";s:5:\"shown\";s:8:\"Alice A.\";}");
	assert_int_equal(find(f), IDENTITY_YES);
	assert_string_equal(f->user, "alice/Alice A.");
	write_session(f, "user|a:2:{s:4:\"name\";i:17;s:5:\"shown\";s:2:\"\n!\";}");
	assert_int_equal(find(f), IDENTITY_YES);
	assert_string_equal(f->user, "17/");
}

TEST(test_nobody)
{
	static const char *const texts[] = {
	    "",
	    "other|i:1;",
	    SESSION("N;"),
	    SESSION("b:0;"),
	    SESSION("s:0:\"\";"),
	    SESSION("s:5:\"guest\";"),
	    SESSION("s:5:\"GuEsT\";"),
	    SESSION("i:0;"),
	};
	static const char *const cookies[] = {NULL, "other=1", "PHPSESSIDX=" SID, "phpsessid=" SID};
	struct fixture *f = *state;

	assert_int_equal(find(f), IDENTITY_NONE); /* no file */
	for (size_t i = 0; i < COUNT(texts); i++) {
		write_session(f, texts[i]);
		assert_int_equal(find(f), IDENTITY_NONE);
	}
	write_session(f, SESSION("s:5:\"alice\";"));
	for (size_t i = 0; i < COUNT(cookies); i++) {
		f->req.cookie = (char *)cookies[i];
		assert_int_equal(find(f), IDENTITY_NONE);
	}
}

TEST(test_bad_cookies)
{
	static const char *const cookies[] = {
	    "PHPSESSID=short",
	    "PHPSESSID=../../../../../../etc/passwd",
	    "PHPSESSID=%2e%2e%2f%2e%2e%2fetc%2fpasswd12345",
	    "PHPSESSID=abcdefghij0123456789_BCDEF",
	    "PHPSESSID=abcdefghij0123456789%00CDEF",
	    "PHPSESSID=abcdefghij0123456789%zzCDEF",
	    "PHPSESSID=" SID "; PHPSESSID=" SID "x",
	    "PHPSESSID=",
	    "PHPSESSID=\"" SID "\"",
	};
	struct fixture *f = *state;
	char cookie[300];

	write_session(f, SESSION("s:5:\"alice\";"));
	for (size_t i = 0; i < COUNT(cookies); i++) {
		f->req.cookie = (char *)cookies[i];
		if (find(f) != IDENTITY_BAD)
			fail_msg("%s", cookies[i]);
		assert_holds(f->err.text, "PHPSESSID");
		assert_null(strstr(f->err.text, SID));
	}
	snprintf(cookie, sizeof(cookie), "PHPSESSID=%0257d", 1);
	f->req.cookie = cookie;
	assert_int_equal(find(f), IDENTITY_BAD);
	snprintf(cookie, sizeof(cookie), "PHPSESSID=%0256d", 1);
	assert_int_equal(find(f), IDENTITY_ERROR); /* a file's name has at most 255 bytes */
}

TEST(test_bad_contents)
{
	static const char *const texts[] = {
	    "rubbish",
	    SESSION("s:6:\"alice\";"),
	    SESSION("R:1;"),
	    SESSION("a:0:{}"),
	    SESSION("s:5:\"al\nce\";"),
	    SESSION("s:5:\"al\xff"
		    "ce\";"),
	    "user|O:4:\"Evil\":1:{s:4:\"name\";O:4:\"Evil\":0:{}}",
	};
	struct fixture *f = *state;
	char longest[600];

	for (size_t i = 0; i < COUNT(texts); i++) {
		write_session(f, texts[i]);
		if (find(f) != IDENTITY_BAD)
			fail_msg("%s", texts[i]);
	}
	snprintf(longest, sizeof(longest), SESSION("s:256:\"%0256d\";"), 1);
	write_session(f, longest);
	assert_int_equal(find(f), IDENTITY_BAD);
	snprintf(longest, sizeof(longest), SESSION("s:255:\"%0255d\";"), 1);
	write_session(f, longest);
	assert_int_equal(find(f), IDENTITY_YES);
}

TEST(test_age)
{
	static const struct {
		long age;
		enum identity_verdict verdict;
	} rows[] = {
	    {0,           IDENTITY_YES },
	    {MAX_AGE,     IDENTITY_YES },
	    {MAX_AGE + 1, IDENTITY_NONE},
	    {864000,      IDENTITY_NONE},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		write_session(f, SESSION("s:5:\"alice\";"));
		set_age(f, rows[i].age);
		assert_int_equal(find(f), rows[i].verdict);
	}
}

TEST(test_hostile_files)
{
	struct fixture *f = *state;
	const char *other = unit_path("other");

	write_session(f, SESSION("s:5:\"alice\";"));
	assert_int_equal(chmod(f->file, 0620), 0);
	assert_int_equal(find(f), IDENTITY_BAD);
	assert_holds(f->err.text, "other users can write");
	assert_int_equal(chmod(f->file, 0600), 0);

	assert_int_equal(link(f->file, other), 0);
	assert_int_equal(find(f), IDENTITY_BAD); /* a second name for somebody else's file */
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(symlink(other, f->file), 0);
	assert_int_equal(find(f), IDENTITY_BAD);
	assert_holds(f->err.text, "link");
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(symlink("/dev/zero", f->file), 0);
	assert_int_equal(find(f), IDENTITY_BAD);
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(mkfifo(f->file, 0600), 0);
	assert_int_equal(find(f), IDENTITY_BAD); /* and it did not wait for a writer */
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(mknod(f->file, S_IFSOCK | 0600, 0), 0);
	assert_int_equal(find(f), IDENTITY_BAD);
	assert_holds(f->err.text, "is not a regular file");
	assert_int_equal(unlink(f->file), 0);
	assert_int_equal(mkdir(f->file, 0700), 0);
	assert_int_equal(find(f), IDENTITY_BAD);
	assert_int_equal(rmdir(f->file), 0);
}

TEST(test_large_file)
{
	struct fixture *f = *state;

	write_session(f, SESSION("s:5:\"alice\";"));
	assert_int_equal(truncate(f->file, 1048576), 0);
	set_age(f, 10);
	assert_int_equal(find(f), IDENTITY_BAD); /* NULs behind it */
	assert_holds(f->err.text, "not followed by |");
	assert_int_equal(truncate(f->file, 1048577), 0);
	set_age(f, 10);
	assert_int_equal(find(f), IDENTITY_BAD);
	assert_holds(f->err.text, "longer than");
}

TEST(test_strangers)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	write_session(f, SESSION("s:5:\"alice\";"));
	assert_int_equal(chown(f->file, STRANGER, STRANGER), 0);
	assert_int_equal(find(f), IDENTITY_BAD);
	assert_holds(f->err.text, "php_session_owner");
	identity_chain_close(f->chain);
	f->chain = NULL;
	f->conf.php_session_owner = (char *)"nobody";
	assert_int_equal(find(f), IDENTITY_YES);
	/* as another user than root: what may not be read could not be looked at */
	assert_int_equal(chmod(unit_folder(), 0711), 0);
	assert_int_equal(chown(f->file, 0, 0), 0);
	assert_int_equal(seteuid(STRANGER), 0);
	enum identity_verdict verdict = find(f);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(verdict, IDENTITY_ERROR);
	assert_holds(f->err.text, "the user that runs PHP");
}

/* PHP's script runs for long and holds its session: we wait a moment, and read. */
TEST(test_lock_is_not_waited_for)
{
	struct fixture *f = *state;

	write_session(f, SESSION("s:5:\"alice\";"));
	int fd = open(f->file, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(find(f), IDENTITY_YES);
	close(fd);
}

TEST(test_levels)
{
	struct fixture *f = *state;
	const char *level[] = {unit_path("a"), unit_path("a/b")};
	const char *link_name = unit_path("elsewhere");

	snprintf(f->save_path, sizeof(f->save_path), "2;600;%s", unit_folder());
	f->file = unit_path("a/b/sess_" SID);
	assert_int_equal(mkdir(level[0], 0700), 0);
	assert_int_equal(mkdir(level[1], 0700), 0);
	write_session(f, SESSION("s:5:\"alice\";"));
	assert_int_equal(find(f), IDENTITY_YES);
	/* a level that is a link is not followed */
	assert_int_equal(rename(level[0], link_name), 0);
	assert_int_equal(symlink(link_name, level[0]), 0);
	assert_int_equal(find(f), IDENTITY_BAD);
}

static void assert_refused(struct fixture *f, const char *said)
{
	assert_int_not_equal(identity_chain_open(&f->conf, &f->chain, &f->err), STATUS_OK);
	assert_null(f->chain);
	if (strstr(f->err.text, said) == NULL)
		fail_msg("%s", f->err.text);
}

TEST(test_opening)
{
	struct fixture *f = *state;

	assert_int_equal(chmod(unit_folder(), 0777), 0);
	assert_refused(f, "chmod +t");
	if (geteuid() == 0) { /* its owner may rename there even so */
		assert_int_equal(chmod(unit_folder(), 01755), 0);
		assert_int_equal(chown(unit_folder(), 65534, 0), 0);
		assert_refused(f, "belongs to user 65534");
		assert_int_equal(chown(unit_folder(), 0, 0), 0);
	}
	assert_int_equal(chmod(unit_folder(), 01733), 0);
	assert_ok(identity_chain_open(&f->conf, &f->chain, &f->err));
	identity_chain_close(f->chain);
	f->chain = NULL;
	f->conf.php_session_owner = (char *)"no-such-user-here";
	assert_refused(f, "does not exist");
	f->conf.php_session_owner = (char *)"";
	write_session(f, "");
	f->conf.php_session_path = (char *)f->file;
	assert_refused(f, "not a folder");
	f->conf.php_session_path = (char *)"/nonexistent/sessions";
	assert_refused(f, "php -i");
}

TEST(test_check)
{
	struct fixture *f = *state;
	struct error said;

	write_session(f, SESSION("s:5:\"alice\";"));
	utimensat(AT_FDCWD, f->file, NULL, 0); /* now: check has no other clock */
	assert_ok(php_session_provider.check(&f->conf, NULL, &said));
	assert_holds(said.text, "checked 1 session; 1 have a user at the path user.name");
	f->conf.php_session_format = PHP_FORMAT_SERIALIZE;
	assert_status(php_session_provider.check(&f->conf, NULL, &said), STATUS_BAD_REQUEST);
	assert_holds(said.text, "check the key php_session_format");
}

/* ---- in a site's database ---- */

static void check_packed(const char *data, enum status status, const char *said)
{
	const struct site_conf conf = {
	    .php_session_format = PHP_FORMAT_PHP,
	    .php_session_user = (char *)"user",
	    .php_session_display = (char *)"shown",
	    .php_session_password = (char *)"hash",
	};
	struct packed_php session = {0};

	if (status == STATUS_OK) {
		assert_ok(packed_php_read(data, &conf, &session, ERR));
		assert_string_equal(session.user, "alice");
		assert_string_equal(session.password, "h");
		assert_string_equal(session.display_name != NULL ? session.display_name : "(none)",
				    said);
	} else {
		assert_fails(packed_php_read(data, &conf, &session, ERR), status, said);
	}
	packed_php_clear(&session);
	assert_null(session.user);
}

TEST(test_packed)
{
	static const char text[] = "user|s:5:\"alice\";hash|s:1:\"h\";shown|s:5:\"Alice\";";
	struct strbuf base64;

	check_packed(text, STATUS_OK, "Alice");
	check_packed("user|s:5:\"alice\";hash|s:1:\"h\";", STATUS_OK, "(none)");
	check_packed("user|s:5:\"alice\";", STATUS_NOT_FOUND, "hash is not in the session");
	strbuf_init(&base64);
	codec_base64(&base64, (const unsigned char *)text, strlen(text));
	check_packed(base64.data, STATUS_OK, "Alice");
	base64.data[4] = '=';
	check_packed(base64.data, STATUS_BAD_REQUEST, "not valid base64");
	strbuf_clear(&base64);
}
