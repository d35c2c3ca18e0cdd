/*
 * sitedb/mariadb_row.c: rows of the binary protocol that are whole, and each one byte shorter or
 * longer, which none is.
 */
#include "unit.h"

#include "sitedb/mariadb.h"

#ifdef LIBMARIADB

#define TWO_NULLS "\0\14" /* of two columns; the first two bits mean nothing */
#define NO_NULLS  "\0\0"
#define DAY       "\xe8\7\1\2"
#define HOUR      "\3\4\5"

struct row {
	const char *what;
	const char *bytes;
	size_t len;
	MYSQL_FIELD fields[2];
};
#define ROW(text) text, sizeof(text) - 1
#define FIELDS(...)                                                                                \
	{                                                                                          \
		{.type = MYSQL_TYPE_##__VA_ARGS__},                                                \
		{                                                                                  \
			.type = MYSQL_TYPE_STRING                                                  \
		}                                                                                  \
	}

/* clang-format off */
static const struct row whole[] = {
    {"two texts",           ROW(NO_NULLS "\5alice\3bob"),                   FIELDS(VAR_STRING)},
    {"both NULL",           ROW(TWO_NULLS),                                 FIELDS(STRING)    },
    {"a text and NULL",     ROW("\0\10\5alice"),                            FIELDS(BLOB)      },
    {"a longer length",     ROW(NO_NULLS "\xfc\5\0alice\3bob"),             FIELDS(STRING)    },
    {"a byte",              ROW(NO_NULLS "\1\3bob"),                        FIELDS(TINY)      },
    {"two bytes",           ROW(NO_NULLS "\1\2\3bob"),                      FIELDS(YEAR)      },
    {"four bytes",          ROW(NO_NULLS "\1\2\3\4\3bob"),                  FIELDS(LONG)      },
    {"eight bytes",         ROW(NO_NULLS "\1\2\3\4\5\6\7\10\3bob"),         FIELDS(LONGLONG)  },
    {"a short zero-filled", ROW(NO_NULLS "\1\2\3\4\3bob"),
     FIELDS(LONG, .flags = ZEROFILL_FLAG, .length = 10)                                       },
    {"no date",             ROW(NO_NULLS "\0\3bob"),                        FIELDS(DATE)      },
    {"a date",              ROW(NO_NULLS "\4" DAY "\3bob"),                 FIELDS(DATE)      },
    {"a time of a day",     ROW(NO_NULLS "\7" DAY HOUR "\3bob"),            FIELDS(DATETIME)  },
    {"its microseconds",    ROW(NO_NULLS "\13" DAY HOUR "\x3f\x42\xf\0\3bob"), FIELDS(TIMESTAMP)},
    {"a time",              ROW(NO_NULLS "\10\0\0\0\0\0" HOUR "\3bob"),     FIELDS(TIME)      },
};

static const struct row broken[] = {
    {"another head",           ROW("\1\0\5alice\3bob"),                          FIELDS(STRING)   },
    {"a length beyond it",     ROW(NO_NULLS "\xf0""alice\3bob"),                 FIELDS(STRING)   },
    {"a huge length",
     ROW(NO_NULLS "\xfe\377\377\377\377\377\377\377\377alice\3bob"),             FIELDS(STRING)   },
    {"a length that is NULL",  ROW(NO_NULLS "\xfb\3bob"),                        FIELDS(STRING)   },
    {"a length too small",     ROW(NO_NULLS "\4alice\3bob"),                     FIELDS(STRING)   },
    {"an unknown type",        ROW(NO_NULLS "\5alice\3bob"),                     {{.type = 200}}  },
    {"a date of five bytes",   ROW(NO_NULLS "\5" DAY "\1\3bob"),                 FIELDS(DATETIME) },
    {"too many microseconds",  ROW(NO_NULLS "\13" DAY HOUR "\x40\x42\xf\0\3bob"), FIELDS(DATETIME)},
    {"a wide zero-filled one", ROW(NO_NULLS "\1\2\3\4\3bob"),
     FIELDS(LONG, .flags = ZEROFILL_FLAG, .length = 200)                                          },
};
/* clang-format on */

/* In memory of exactly that size, so that a sanitizer sees a read beyond it. */
static bool is_whole(const struct row *row, size_t len)
{
	unsigned char *bytes = malloc(len > 0 ? len : 1);

	assert_non_null(bytes);
	memcpy(bytes, row->bytes, len);
	bool result = mariadb_row_is_whole(row->fields, COUNT(row->fields), bytes, len);
	free(bytes);
	return result;
}

TEST(a_row_is_whole_and_no_part_of_it_is)
{
	for (size_t i = 0; i < COUNT(whole); i++) {
		const struct row *row = &whole[i];
		if (!is_whole(row, row->len))
			fail_msg("%s is not whole", row->what);
		for (size_t len = 0; len < row->len; len++)
			if (is_whole(row, len))
				fail_msg("%zu bytes of %s are whole", len, row->what);
		if (is_whole(row, row->len + 1)) /* with its NUL */
			fail_msg("%s with a byte more is whole", row->what);
	}
}

TEST(a_row_that_libmariadb_must_not_see)
{
	for (size_t i = 0; i < COUNT(broken); i++)
		if (is_whole(&broken[i], broken[i].len))
			fail_msg("%s is whole", broken[i].what);
}

#else

TEST(this_build_has_no_libmariadb)
{
}

#endif
