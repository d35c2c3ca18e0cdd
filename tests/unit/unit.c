/*
 * What unit.h declares, and the main() of every unit test.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "base/secret.h"

/* ---- tests ---- */

#define ITEMS_MAX 200

static struct unit_item items[ITEMS_MAX];
static size_t n_items;

/* Called by constructors, whose order is the compiler's: main() sorts by line. */
void unit_register(struct unit_item item)
{
	if (n_items == ITEMS_MAX)
		abort();
	items[n_items++] = item;
}

static int by_line(const void *a, const void *b)
{
	return ((const struct unit_item *)a)->line - ((const struct unit_item *)b)->line;
}

int main(void)
{
	static struct CMUnitTest tests[ITEMS_MAX];
	struct unit_item group = {0}, fixture = {0};
	size_t n = 0;

	qsort(items, n_items, sizeof(items[0]), by_line);
	for (size_t i = 0; i < n_items; i++) {
		if (items[i].is_group)
			group = items[i];
		else if (items[i].test == NULL)
			fixture = items[i];
		else
			tests[n++] =
			    (struct CMUnitTest){items[i].name, items[i].test, fixture.setup,
						fixture.teardown, items[i].initial};
	}
	return _cmocka_run_group_tests(program_invocation_short_name, tests, n, group.setup,
				       group.teardown);
}

int unit_secrets(void **state)
{
	(void)state;
	assert_ok(secret_start(ERR));
	return 0;
}

/* ---- statuses and sentences ---- */

struct error unit_error;

void unit_before(const char *call)
{
	if (strchr(call, '(') != NULL)
		unit_error = (struct error){.text = ""};
}

void unit_check_status(enum status status, enum status expected, const char *call, const char *file,
		       int line)
{
	if (status == expected)
		return;
	print_error("%s: %s, expected %s: %s\n", call, status_name(status), status_name(expected),
		    unit_error.text);
	_fail(file, line);
}

void unit_check_fails(enum status status, enum status expected, const char *words, const char *call,
		      const char *file, int line)
{
	unit_check_status(status, expected, call, file, line);
	unit_check_status(unit_error.status, expected, "the status in ERR", file, line);
	unit_check_holds(unit_error.text, words, file, line);
}

void unit_check_holds(const char *text, const char *words, const char *file, int line)
{
	if (strstr(text, words) != NULL)
		return;
	print_error("\"%s\" does not hold \"%s\"\n", text, words);
	_fail(file, line);
}

/* ---- a folder and its files ---- */

#define PATHS_MAX 4096

static char *folder;
static char *paths[PATHS_MAX]; /* given out since the folder was made */
static size_t n_paths;

int unit_folder_make(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	assert_null(folder);
	assert_true(asprintf(&folder, "%s/prebind-unit-XXXXXX", parent ? parent : "/tmp") > 0);
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int unit_folder_remove(void **state)
{
	(void)state;
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	while (n_paths > 0)
		free(paths[--n_paths]);
	free(folder);
	folder = NULL;
	return 0;
}

const char *unit_folder(void)
{
	assert_non_null(folder);
	return folder;
}

static const char *keep(char *path)
{
	assert_in_range(n_paths, 0, PATHS_MAX - 1);
	return paths[n_paths++] = path;
}

const char *unit_path(const char *format, ...)
{
	char *name = NULL, *path = NULL;
	va_list args;

	va_start(args, format);
	assert_true(vasprintf(&name, format, args) >= 0);
	va_end(args);
	if (name[0] == '/')
		return keep(name);
	assert_true(asprintf(&path, "%s/%s", unit_folder(), name) > 0);
	free(name);
	return keep(path);
}

const char *unit_write(const char *name, const char *text)
{
	return unit_write_bytes(name, text, strlen(text));
}

/* Makes the folders on the way to a file in the folder. */
static void make_parents(char *path)
{
	for (char *slash = path + strlen(unit_folder()) + 1; (slash = strchr(slash, '/'));
	     slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			fail_msg("%s: %m", path);
		*slash = '/';
	}
}

const char *unit_write_bytes(const char *name, const void *data, size_t len)
{
	char *path = (char *)unit_path("%s", name);

	if (strncmp(path, unit_folder(), strlen(unit_folder())) == 0)
		make_parents(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		fail_msg("%s: %m", path);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(fchmod(fd, 0600), 0);
	close(fd);
	return path;
}

char *unit_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *data = NULL;
	size_t size = 0, used = 0;

	if (file == NULL)
		fail_msg("%s: %m", path);
	do {
		size += 65536;
		data = realloc(data, size + 1);
		assert_non_null(data);
		used += fread(data + used, 1, size - used, file);
	} while (used == size);
	data[used] = '\0';
	fclose(file);
	if (len != NULL)
		*len = used;
	return data;
}

/* ---- tables of inputs beside the tests ---- */

/* Reads one escape, and moves *from to its last character; a backslash alone stands for itself. */
static char escaped(const char **from)
{
	static const char names[] = "tnr\\", bytes[] = "\t\n\r\\";
	const char *name = strchr(names, (*from)[1]);

	if ((*from)[1] == 'x') {
		const char hex[] = {(*from)[2], (*from)[3], '\0'};
		assert_int_equal(strspn(hex, "0123456789abcdef"), 2);
		*from += 3;
		return (char)strtol(hex, NULL, 16);
	}
	if ((*from)[1] == '\0' || name == NULL)
		return '\\';
	*from += 1;
	return bytes[name - names];
}

/* Replaces the escapes of a cell in its place. */
static void unescape(char *cell)
{
	char *to = cell;

	for (const char *from = cell; *from != '\0'; from++)
		*to++ = *from == '\\' ? escaped(&from) : *from;
	*to = '\0';
}

static void read_row(struct unit_table *table, const char *path, char *line)
{
	size_t n = table->n_rows * table->n_columns, columns = 0;
	char *cell;

	table->cells = realloc(table->cells, (n + table->n_columns) * sizeof(table->cells[0]));
	assert_non_null(table->cells);
	while ((cell = strsep(&line, "\t")) != NULL) {
		if (columns == table->n_columns)
			fail_msg("%s: a cell too many: %s", path, cell);
		unescape(cell);
		table->cells[n + columns++] = cell;
	}
	if (columns != table->n_columns)
		fail_msg("%s: a row of %zu cells: %s", path, columns, table->cells[n]);
	table->n_rows++;
}

struct unit_table unit_table_read(const char *path, size_t n_columns)
{
	struct unit_table table = {.text = unit_read(path, NULL), .n_columns = n_columns};
	char *rest = table.text, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '#' && line[0] != '\0')
			read_row(&table, path, line);
	if (table.n_rows == 0)
		fail_msg("%s: no row", path);
	return table;
}

void unit_table_free(struct unit_table *table)
{
	free(table->cells);
	free(table->text);
	*table = (struct unit_table){.text = NULL};
}

const char *unit_cell(const struct unit_table *table, size_t row, size_t column)
{
	assert_true(row < table->n_rows && column < table->n_columns);
	return table->cells[row * table->n_columns + column];
}
