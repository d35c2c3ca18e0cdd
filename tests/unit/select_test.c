/*
 * sitedb/select.h: how a comparison is written so that bytes are compared, and which use of a
 * parameter is refused.
 */
#include "unit.h"

#include "sitedb/select.h"

/* A dialect that is short to read: b(…) stands for the bytes of an expression. */
static const char *const functions[] = {"lower",  "nullif", "CAST",      "count",
					"concat", "fold",   "unixepoch", NULL};
static const char *const for_params[] = {"lower", "CAST", "fold", NULL};
static const char *const words[] = {"INTO", "FOR", NULL};
static const struct select_function shared[] = {
    {"fold",      "f("     },
    {"unixepoch", "u('s', "},
    {NULL,        NULL     }
};
static const struct select_dialect dialect = {
    .place = "$",
    .numbered = true,
    .bytes = {"b(", ")"},
    .functions = functions,
    .for_params = for_params,
    .words = words,
    .shared = shared,
    .before = "",
    .after = ""
};

static void count_place(void *arg, const struct token *param)
{
	int *count = arg;

	(void)param;
	++*count;
}

TEST(comparisons_are_of_bytes)
{
	static const struct {
		const char *where, *written;
	} rows[] = {
	    {"a = :sid",					"(a = $1 AND b(a ) = b($2)) "                         },
	    {":sid = t.a;",				     "($1 = t.a AND b($2 ) = b(t.a)) "                     },
	    {"a <> :sid AND n > :now",                          "(b(a ) <> b($1 )) AND n > $2"                        },
	    {"lower(a)=lower(:sid)",                            "(lower(a)=lower($1) AND b(lower(a)) = b(lower($2))) "},
	    {"fold(a) = Fold(:sid) AND unixepoch(t.at) > :now",
	     "(f(a) = f($1)  AND b(f(a) ) = b(f($2) )) AND u('s', t.at) > $3"                                         },
	    {"fold = :sid AND 'fold(' = a",                     "(fold = $1  AND b(fold ) = b($2 )) AND 'fold(' = a"  },
	    {"a IN ('x', :sid)",                                "(a IN ('x', $1) AND b(a ) IN (b('x'), b($2))) "      },
	    {"\"a b\" = ':sid' || :sid",
	     "(\"a b\" = ':sid' || $1 AND b(\"a b\" ) = b(':sid' || $2)) "                                            },
	    {"a = :sid /* b = :sid */",                         "(a = $1  AND b(a ) = b($2 )) "                       },
	    {"a = CAST(:sid AS text) OR c = :sid::text",
	     "(a = CAST($1 AS text)  AND b(a ) = b(CAST($2 AS text) )) OR (c = $3::text AND b(c ) "
	     "= b($4::text)) "											},
	    {"lower(a) LIKE :q || '%'",                         "lower(a) LIKE $1 || '%' ESCAPE '!' "                 },
	    {"a LIKE concat(:q, '%') ESCAPE '#' OR b >= :q",
	     "a LIKE concat($1, '%')  ESCAPE '!' OR b >= $2"                                                          },
	    {"a NOT LIKE '%x' AND :q <> ''",                    "a NOT LIKE '%x' AND $1 <> ''"                        },
	    {"i = (SELECT i FROM u WHERE a = :sid)",
	     "i = (SELECT i FROM u WHERE (a = $1 AND b(a ) = b($2)) )"                                                },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char sql[200], expected[300];
		struct select select;
		struct strbuf out;
		const char *at;
		int places = 0;

		snprintf(sql, sizeof(sql), "SELECT u FROM t WHERE %s", rows[i].where);
		snprintf(expected, sizeof(expected), "SELECT u FROM t WHERE %s", rows[i].written);
		assert_ok(select_read(sql, &dialect, &select, &at, ERR));
		strbuf_init(&out);
		assert_true(select_write(&select, &dialect, &out, count_place, &places));
		assert_string_equal(out.data, expected);
		assert_true(places >= 1);
		strbuf_clear(&out);
		select_clear(&select);
	}
}

/* Both sides may be any operand, whatever it consists of. */
TEST(operands_of_every_kind)
{
	static const char *const wheres[] = {
	    "a == :sid",
	    "a != :sid",
	    "NOT a = :sid",
	    "s.t.a = :sid",
	    ":sid = s.t.a",
	    "a::text = :sid",
	    ":sid = a::text::text",
	    "t.a::text = :sid",
	    "lower(a)::text = :sid",
	    "a || t.c || 'x' = :sid",
	    ":sid = a || t.c || 'x'",
	    "a = :sid || lower(c) || (c)",
	    "(:sid) = a",
	    "a = ((:sid))",
	    "(a) = :sid",
	    "'x' = :sid",
	    ":sid = 1",
	    ":sid IN ('a', c)",
	    "a IN (lower(:sid), 'b')",
	    "lower(a) IN (:sid)",
	    "a = :sid GROUP BY a",
	    "CASE WHEN a = :sid THEN 1 ELSE 0 END = 1",
	    "count(a = :sid, 1) = 1",
	};

	for (size_t i = 0; i < COUNT(wheres); i++) {
		char sql[200];
		struct select select;
		struct strbuf out;
		const char *at;
		int places = 0;

		snprintf(sql, sizeof(sql), "SELECT u FROM t WHERE %s", wheres[i]);
		assert_ok(select_read(sql, &dialect, &select, &at, ERR));
		strbuf_init(&out);
		assert_true(select_write(&select, &dialect, &out, count_place, &places));
		if (strstr(out.data, "b(") == NULL || places < 1)
			fail_msg("%s is not compared by bytes: %s", sql, out.data);
		strbuf_clear(&out);
		select_clear(&select);
	}
}

TEST(other_uses_are_refused)
{
	static const struct {
		const char *where, *why;
	} rows[] = {
	    {"a LIKE :sid",			     "byte for byte"             },
	    {"a = :sid COLLATE NOCASE",                 "byte for byte"             },
	    {"a COLLATE NOCASE = :sid",                 "byte for byte"             },
	    {"BINARY a = :sid",                         "byte for byte"             },
	    {"a NOT IN (:sid)",                         "byte for byte"             },
	    {"a IN (SELECT :sid)",                      "byte for byte"             },
	    {":sid IN (SELECT a FROM t)",               "byte for byte"             },
	    {"a = b = :sid",                            "byte for byte"             },
	    {"a + 0 = :sid",                            "byte for byte"             },
	    {"a >= :sid",			       "byte for byte"             },
	    {"a IS :sid",			       "byte for byte"             },
	    {"a BETWEEN :sid AND 'z'",                  "byte for byte"             },
	    {"CASE a WHEN :sid THEN 1 END",             "byte for byte"             },
	    {"nullif(:sid, a) = 'x'",                   "byte for byte"             },
	    {"x.lower(:sid) = a",                       "not an allowed function"   },
	    {"(a, c) = (:sid, 'x')",                    "byte for byte"             },
	    {"a = ANY (:sid)",                          "byte for byte"             },
	    {"a IN (WITH x AS (SELECT 1) SELECT :sid)", "byte for byte"             },
	    {"a = (WITH x AS (SELECT 1) SELECT :sid)",  "byte for byte"             },
	    {":sid IN (WITH x AS (SELECT 1) SELECT 1)", "byte for byte"             },
	    {"= :sid",				  "byte for byte"             },
	    {":sid =",				  "byte for byte"             },
	    {"a || = :sid",			     "byte for byte"             },
	    {"|| a = :sid",			     "byte for byte"             },
	    {"a = :sid ||",			     "byte for byte"             },
	    {"a = :sid :: 1",                           "byte for byte"             },
	    {":sid = a COLLATE NOCASE",                 "byte for byte"             },
	    {"a . = :sid",			      "byte for byte"             },
	    {":sid = a . 1",                            "byte for byte"             },
	    {"a = lower(:sid + 1)",                     "byte for byte"             },
	    {"lower(:sid)",			     "byte for byte"             },
	    {":sid",				    "byte for byte"             },
	    {"sleep(9) = 0 AND a = :sid",               "not an allowed function"   },
	    {"a = :sid FOR UPDATE",                     "does more than read"       },
	    {"a = :sid INTO OUTFILE '/tmp/x'",          "does more than read"       },
	    {"a = :sid; DELETE FROM t",                 "more text follows"         },
	    {"a = :sid /*! OR 1 */",                    "would execute this comment"},
	    {"a = :sid AND c = E'\\'' OR 1",            "cannot be used here"       },
	    {"a = :sid AND c = 'x",                     "cannot be used here"       },
	    {"a = :sid # OR 1",                         "cannot be used here"       },
	    {"a = @a AND a = :sid",                     "cannot be used here"       },
	    {"a = :sid)",			       "brackets do not match"     },
	    {"(a = :sid",			       "brackets do not match"     },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char sql[200];
		struct select select = {0};
		const char *at = NULL;
		struct error err = {0};

		snprintf(sql, sizeof(sql), "SELECT u FROM t WHERE %s", rows[i].where);
		enum status status = select_read(sql, &dialect, &select, &at, &err);
		if (status != STATUS_BAD_REQUEST || strstr(err.text, rows[i].why) == NULL)
			fail_msg("%s: %s, '%s'", sql, status_name(status), err.text);
		assert_non_null(at);
		select_clear(&select);
	}
}

TEST(columns_have_their_names)
{
	static const char sql[] = "WITH s AS (SELECT x FROM y) SELECT DISTINCT a, t.b, count(*) AS "
				  "c, (SELECT 1) FROM t UNION SELECT 1";
	static const char *const names[] = {"a", "b", "c", ""};
	const struct token *token;
	struct select select;
	const char *at;
	size_t n = 0;

	assert_ok(select_read(sql, &dialect, &select, &at, ERR));
	for (; (token = select_column(&select, n)) != NULL; n++) {
		char name[16];
		assert_true(n < COUNT(names) && token_name(token, name, sizeof(name)));
		assert_string_equal(name, names[n]);
	}
	assert_int_equal(n, COUNT(names));
	select_clear(&select);
}
