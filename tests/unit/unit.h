/*
 * What every unit test stands on: cmocka; tests that register themselves, so that none can be left
 * out of a list; an assertion about a status, which prints both names and the program's sentence;
 * a folder that is gone after the test, and files in it. main() is in unit.c.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- tests ---- */

struct unit_item {
	int line; /* items take effect in the order of their lines */
	const char *name;
	CMUnitTestFunction test;
	CMFixtureFunction setup, teardown;
	void *initial;
	bool is_group;
};

void unit_register(struct unit_item item);

#define UNIT_PASTE(a, b)       a##b
#define UNIT_CONSTRUCTOR(line) UNIT_PASTE(unit_register_, line)
#define UNIT_REGISTER(...)                                                                         \
	__attribute__((constructor)) static void UNIT_CONSTRUCTOR(__LINE__)(void)                  \
	{                                                                                          \
		unit_register((struct unit_item){.line = __LINE__, __VA_ARGS__});                  \
	}

/* Defines a test: TEST(name) { … }. Its argument is void **state, as set-up left it. */
#define TEST(id)                                                                                   \
	static void id(void **state);                                                              \
	UNIT_REGISTER(.name = #id, .test = id)                                                     \
	static void id(void **state __attribute__((unused)))

/* The tests below this line, up to the next FIXTURE, each run between these; NULL: without. */
#define FIXTURE(set_up, tear_down) UNIT_REGISTER(.setup = set_up, .teardown = tear_down)

/* These run once, before the first test and after the last one; NULL: neither. */
#define GROUP(set_up, tear_down)                                                                   \
	UNIT_REGISTER(.is_group = true, .setup = set_up, .teardown = tear_down)

/* Starts base/secret. A set-up of a GROUP or a FIXTURE. */
int unit_secrets(void **state);

/* ---- statuses and sentences ---- */

/*
 * Where a call that is tested writes its error. The assertions below empty it before the call; a
 * mere variable is no call, so the error of the call that set it stays. Not for threads: they need
 * an error each.
 */
extern struct error unit_error;
#define ERR (&unit_error)

/* The call returns that status; else both names are printed, and the sentence in ERR. */
#define assert_status(call, expected)                                                              \
	(unit_before(#call), unit_check_status((call), (expected), #call, __FILE__, __LINE__))

#define assert_ok(call)                                                                            \
	(unit_before(#call), unit_check_status((call), STATUS_OK, #call, __FILE__, __LINE__))

/* The call, which must be given ERR, returns that status, and the sentence holds the words. */
#define assert_fails(call, expected, words)                                                        \
	(unit_before(#call),                                                                       \
	 unit_check_fails((call), (expected), (words), #call, __FILE__, __LINE__))

/* The sentence in ERR, from the last call, holds the words. */
#define assert_says(words) assert_holds(unit_error.text, words)

/* The text holds the words; else both are printed. */
#define assert_holds(text, words) unit_check_holds((text), (words), __FILE__, __LINE__)

void unit_before(const char *call);
void unit_check_status(enum status status, enum status expected, const char *call, const char *file,
		       int line);
void unit_check_fails(enum status status, enum status expected, const char *words, const char *call,
		      const char *file, int line);
void unit_check_holds(const char *text, const char *words, const char *file, int line);

/* ---- a folder and its files ---- */

/*
 * Makes a folder that only its owner may enter, in TMPDIR or else /tmp; the second removes it with
 * all that is in it. A test program has one folder at a time. They can be a FIXTURE by themselves.
 */
int unit_folder_make(void **state);
int unit_folder_remove(void **state);

/* Returns the folder's path. It is valid until the folder is removed. */
const char *unit_folder(void);

/*
 * Returns the path of a name in the folder, which format and what follows give. It is valid until
 * the folder is removed.
 */
const char *unit_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Writes a file with mode 0600, and the folders on its way. The name is one in the folder, or an
 * absolute path. Returns the path, which is valid until the folder is removed.
 */
const char *unit_write(const char *name, const char *text);
const char *unit_write_bytes(const char *name, const void *data, size_t len);

/*
 * Returns what is in the file, with a NUL after it. A relative path begins at the project's root,
 * where tests run. len may be NULL. The caller frees it.
 */
char *unit_read(const char *path, size_t *len);

/* ---- tables of inputs beside the tests ---- */

/*
 * A file of tab-separated cells: a line is a row, and # begins a comment. In a cell \t, \n, \r and
 * \\ are a tab, a newline, a carriage return and a backslash, and \xHH is any byte.
 */
struct unit_table {
	char *text; /* owned; the cells are parts of it */
	const char **cells;
	size_t n_rows, n_columns;
};

/* Fails if the file has no row, or a row has another number of cells. */
struct unit_table unit_table_read(const char *path, size_t n_columns);
void unit_table_free(struct unit_table *table);

/* Returns a cell's text, which is the table's. */
const char *unit_cell(const struct unit_table *table, size_t row, size_t column);

#endif
