/*
 * serve/fcgi_records.c: a request's head, whole or not, and what libfcgi would not say of it. Every
 * beginning of a request is one that is not whole.
 */
#include "unit.h"

#include <sys/socket.h>

#include "serve/server_parts.h"

#define BEGIN                                                                                      \
	"\1\1\0\1\0\10\0\0"                                                                        \
	"\0\1\0\0\0\0\0\0"
#define PARAMS(len)    "\1\4\0\1\0" len "\0\0"
#define NO_MORE_PARAMS "\1\4\0\1\0\0\0\0"
#define STDIN(len)     "\1\5\0\1\0" len "\0\0"
#define OTHER_END      "\1\5\0\2\0\0\0\0" /* of another request's body */

/* As a web server sends it, up to there. */
static enum head_state read_text(const char *text, size_t len, struct head *out)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(write(ends[0], text, len), len);
	enum head_state state = head_look(ends[1], out);
	close(ends[0]);
	close(ends[1]);
	return state;
}

struct row {
	const char *what;
	const char *text;
	size_t len;
	enum head_state state;
	struct head head;
};
#define TEXT(text) text, sizeof(text) - 1

static const struct row rows[] = {
    {"no parameters",				TEXT(BEGIN NO_MORE_PARAMS),                   HEAD_WHOLE,  {.body = 0}               },
    {"one",
     TEXT(BEGIN PARAMS("\4") "\1\1"
			     "AB" NO_MORE_PARAMS),
     HEAD_WHOLE,												{.body = 0}               },
    {"an empty value",
     TEXT(BEGIN PARAMS("\3") "\1\0"
			     "A" NO_MORE_PARAMS),
     HEAD_WHOLE,												{.body = 0}               },
    {"lengths of four bytes",
     TEXT(BEGIN PARAMS("\12") "\200\0\0\1"
			      "\200\0\0\1"
			      "AB" NO_MORE_PARAMS),
     HEAD_WHOLE,												{.body = 0}               },
    {"in two records",
     TEXT(BEGIN PARAMS("\1") "\1" PARAMS("\3") "\1"
					       "AB" NO_MORE_PARAMS),
     HEAD_WHOLE,												{.body = 0}               },
    {"a NUL in a value",
     TEXT(BEGIN PARAMS("\6") "\1\3"
			     "A"
			     "x\0y" NO_MORE_PARAMS),
     HEAD_WHOLE,												{.nul = true}             },
    {"a NUL in a name",
     TEXT(BEGIN PARAMS("\5") "\2\1"
			     "A\0"
			     "B" NO_MORE_PARAMS),
     HEAD_WHOLE,												{.nul = true}             },
    {"a NUL in the second record of a value",
     TEXT(BEGIN PARAMS("\3") "\1\2"
			     "A" PARAMS("\2") "x\0" NO_MORE_PARAMS),
     HEAD_WHOLE,												{.nul = true}             },
    {"a body, and its end",
     TEXT(BEGIN NO_MORE_PARAMS STDIN("\3") "\0\0\0" STDIN("\0")),
     HEAD_WHOLE,												{.body = 3, .ended = true}},
    {"half a body",				  TEXT(BEGIN NO_MORE_PARAMS STDIN("\7") "abc"), HEAD_WHOLE,  {.body = 3}               },
    {"2 GiB",
     TEXT(BEGIN PARAMS("\6") "\1"
			     "\377\377\377\360"
			     "A"),
     HEAD_BROKEN,											       {.body = 0}               },
    {"a value beyond the last record",
     TEXT(BEGIN PARAMS("\3") "\1\7"
			     "A" NO_MORE_PARAMS),
     HEAD_BROKEN,											       {.body = 0}               },
    {"given up before its end",                      TEXT(BEGIN "\1\2\0\1\0\0\0\0"),               HEAD_BROKEN, {.body = 0}               },
    {"given up after its end",
     TEXT(BEGIN NO_MORE_PARAMS STDIN("\0") "\1\2\0\1\0\0\0\0"),
     HEAD_BROKEN,											       {.ended = true}           },
    {"given up within its body",
     TEXT(BEGIN NO_MORE_PARAMS STDIN("\1") "a"
					   "\1\2\0\1\0\0\0\0"),
     HEAD_BROKEN,											       {.body = 1}               },
    {"parameters of another request",                TEXT(BEGIN "\1\4\0\2\0\0\0\0"),               HEAD_BROKEN, {.body = 0}               },
    {"a second request in the head",
     TEXT(BEGIN "\1\1\1\1\0\10\0\0\0\1\0\0\0\0\0\0" NO_MORE_PARAMS),
     HEAD_BROKEN,											       {.body = 0}               },
    {"the end of another request's body",
     TEXT(BEGIN NO_MORE_PARAMS STDIN("\3") "abc" OTHER_END),
     HEAD_WHOLE,												{.body = 3}               },
    {"another request's end before the body",
     TEXT(BEGIN NO_MORE_PARAMS OTHER_END STDIN("\3") "abc" STDIN("\0")),
     HEAD_WHOLE,												{.body = 0}               },
    {"the end of a body that belongs to no request",
     TEXT(BEGIN NO_MORE_PARAMS STDIN("\3") "abc"
					   "\1\5\0\0\0\0\0\0"),
     HEAD_WHOLE,												{.body = 3}               },
    {"another request given up",
     TEXT(BEGIN NO_MORE_PARAMS "\1\2\0\2\0\0\0\0"),
     HEAD_WHOLE,												{.body = 0}               },
    {"an id of two bytes",
     TEXT("\1\1\1\2\0\0\0\0"
	  "\1\4\1\2\0\0\0\0"
	  "\1\5\1\2\0\0\0\0"),
     HEAD_WHOLE,												{.ended = true}           },
    {"parameters that belong to no request",
     TEXT(BEGIN "\1\4\0\0\0\0\0\0"),
     HEAD_LARGE,												{.body = 0}               },
    {"another version",			      TEXT("\2\1\0\1\0\0\0\0"),                     HEAD_LARGE,  {.body = 0}               },
    {"a question to the program itself",             TEXT("\1\11\0\0\0\0\0\0"),                    HEAD_LARGE,  {.body = 0}               },
};

TEST(heads)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct head head;
		enum head_state got = read_text(rows[i].text, rows[i].len, &head);

		if (got != rows[i].state || head.nul != rows[i].head.nul ||
		    head.body != rows[i].head.body || head.ended != rows[i].head.ended)
			fail_msg("%s: state %d, nul %d, %zu bytes of body, ended %d", rows[i].what,
				 got, head.nul, head.body, head.ended);
	}
}

TEST(every_beginning_is_partial)
{
	static const char whole[] = BEGIN PARAMS("\12") "\200\0\0\1"
							"\200\0\0\1"
							"AB" NO_MORE_PARAMS;
	struct head head;

	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		assert_int_equal(read_text(whole, len, &head), HEAD_PARTIAL);
	assert_int_equal(read_text(whole, sizeof(whole) - 1, &head), HEAD_WHOLE);
}

#define ABORT       "\1\2\0\1\0\0\0\0"
#define OTHER_ABORT "\1\2\0\2\0\0\0\0" /* of the request with id 2 */
#define NO_BODY     STDIN("\0")
#define PADDED_END  "\1\5\0\1\0\0\4\0pad!"

/* What lies in the socket while a request waits. */
TEST(aborts)
{
	static const struct {
		const char *text;
		size_t len;
		bool aborted;
	} left[] = {
	    {TEXT(""),			      false},
	    {TEXT(NO_BODY),                         false},
	    {TEXT(ABORT),			   true },
	    {TEXT(NO_BODY ABORT),                   true },
	    {TEXT(PADDED_END ABORT),                true },
	    {TEXT(STDIN("\10") ABORT NO_BODY),      false}, /* eight bytes of a body */
	    {TEXT(STDIN("\3") "abc" NO_BODY ABORT), true },
	    {TEXT("\1\2\0\1"),                      false},
	    {TEXT(PARAMS("\0") ABORT),              false},
	    {TEXT(OTHER_ABORT),                     false},
	    {TEXT(OTHER_ABORT ABORT),               true },
	    {TEXT(NO_BODY OTHER_ABORT ABORT),       true },
	};

	for (size_t i = 0; i < COUNT(left); i++) {
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		assert_int_equal(write(ends[0], left[i].text, left[i].len), left[i].len);
		if (head_is_aborted(ends[1], 1) != left[i].aborted)
			fail_msg("row %zu: %d", i, !left[i].aborted);
		close(ends[0]);
		close(ends[1]);
	}
}
