/*
 * identity/php_serialize against real PHP: 10,000 mutated sessions in each of the three formats.
 * Our reader refuses each, or finds what PHP finds. TEST_SEED repeats a run.
 */
#include "unit.h"

#include <time.h>

#include "base/strbuf.h"
#include "identity/php_serialize.h"

#define MUTANTS   10000
#define LINE_SIZE 8192

static const char *const format_names[] = {
    [PHP_FORMAT_PHP] = "php",
    [PHP_FORMAT_SERIALIZE] = "php_serialize",
    [PHP_FORMAT_BINARY] = "php_binary",
};

static const char *const paths[] = {"user", "user", "user.name", "user.1", "a", "!x"};

/* A session takes some that follow one another, so that few names come twice. */
static const char *const names[] = {"user", "!x", "a",    "1x",    "user",      "b", "_SESSION",
				    "",     "c",  "user", "!user", "user.name", "d"};

static const char *const values[] = {
    "s:5:\"alice\";",
    "s:5:\"alice\";",
    "s:5:\"alice\";",
    "s:5:\"alice\";",
    "s:6:\"a\";\"b|\";",
    "s:0:\"\";",
    "i:17;",
    "i:17;",
    "i:0;",
    "i:-9223372036854775808;",
    "b:0;",
    "b:1;",
    "N;",
    "d:0.1;",
    "d:-1.5E+25;",
    "d:INF;",
    "R:1;",
    "R:2;",
    "R:3;",
    "r:1;",
    "r:2;",
    "a:0:{}",
    "a:1:{s:4:\"name\";s:3:\"bob\";}",
    "a:2:{s:2:\"id\";i:1;s:4:\"name\";s:3:\"bob\";}",
    "a:2:{s:4:\"name\";s:3:\"bob\";s:4:\"name\";s:3:\"eve\";}",
    "a:2:{s:4:\"name\";s:3:\"bob\";s:4:\"nick\";R:2;}",
    "a:3:{i:0;s:1:\"x\";s:4:\"name\";R:3;i:1;R:3;}",
    "a:2:{i:1;s:1:\"x\";s:1:\"1\";s:1:\"y\";}",
    "a:2:{i:0;a:1:{i:0;s:1:\"x\";}s:4:\"name\";s:1:\"y\";}",
    "O:8:\"stdClass\":1:{s:4:\"name\";s:3:\"bob\";}",
    "O:4:\"User\":1:{s:4:\"name\";s:3:\"bob\";}",
    "O:4:\"Gone\":2:{s:4:\"name\";s:3:\"bob\";i:1;s:1:\"x\";}",
    "C:6:\"Packed\":5:{}{};\"}",
    "E:10:\"Suit:Clubs\";",
    "S:5:\"\\61lice\";",
    "s:23:\"x|N;user|s:5:\"admin\";!|\";",
    "a:2:{s:4:\"name\";s:3:\"bob\";i:1;s:1:\"x\";}",
    "a:2:{s:4:\"name\";s:3:\"bob\";i:1;s:1:\"x\";}",
    "s:16:\"|s:5:\"admin\";}{!\";",
};

/* ---- chance ---- */

static uint64_t state_of_chance;

/* splitmix64, below n */
static size_t chance(size_t n)
{
	uint64_t z = state_of_chance += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return (size_t)((z ^ z >> 31) % n);
}

static uint64_t seed_choose(void)
{
	const char *given = getenv("TEST_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	print_message("TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

/* ---- mutants ---- */

struct mutant {
	enum conf_php_format format;
	const char *path;
	struct strbuf data;
};

static void add_variable(struct mutant *mutant, const char *name, const char *value)
{
	struct strbuf *data = &mutant->data;

	switch (mutant->format) {
	case PHP_FORMAT_PHP:
		strbuf_addf(data, "%s|%s", name, value);
		break;
	case PHP_FORMAT_BINARY:
		strbuf_addc(data, (char)strlen(name));
		strbuf_addf(data, "%s%s", name, value);
		break;
	case PHP_FORMAT_SERIALIZE:
	default:
		strbuf_addf(data, "s:%zu:\"%s\";%s", strlen(name), name, value);
	}
}

static void session_make(struct mutant *mutant)
{
	size_t n = 1 + chance(4);
	size_t first = chance(COUNT(names));

	if (mutant->format == PHP_FORMAT_SERIALIZE)
		strbuf_addf(&mutant->data, "a:%zu:{", n);
	for (size_t i = 0; i < n; i++)
		add_variable(mutant, names[(first + i) % COUNT(names)],
			     values[chance(COUNT(values))]);
	if (mutant->format == PHP_FORMAT_SERIALIZE)
		strbuf_addc(&mutant->data, '}');
}

static void replace(struct strbuf *data, size_t at, size_t len, const struct strbuf *by)
{
	struct strbuf whole;

	strbuf_init(&whole);
	strbuf_add(&whole, data->data, at);
	strbuf_add(&whole, by->data, by->len);
	strbuf_add(&whole, data->data + at + len, data->len - at - len);
	strbuf_clear(data);
	*data = whole;
}

static const char alphabet[] = "0123456789019:;{}\"|!abisdOCERrNS+-.e\\\177\200\0";

static void session_mutate(struct strbuf *data)
{
	struct strbuf by;
	size_t at = chance(data->len);
	size_t left = data->len - at;
	size_t len = 0;

	strbuf_init(&by);
	switch (chance(6)) {
	case 0: /* another byte */
		len = 1;
		strbuf_addc(&by, alphabet[chance(sizeof(alphabet) - 1)]);
		break;
	case 1: /* one byte more */
		strbuf_addc(&by, alphabet[chance(sizeof(alphabet) - 1)]);
		break;
	case 2: /* some bytes fewer */
		len = 1 + chance(left < 4 ? left : 4);
		break;
	case 3: /* a value in a value */
		strbuf_adds(&by, values[chance(COUNT(values))]);
		break;
	case 4: /* a piece twice */
		strbuf_add(&by, data->data + at, 1 + chance(left));
		break;
	default: /* a digit for a digit */
		while (at < data->len && (data->data[at] < '0' || data->data[at] > '9'))
			at++;
		len = at < data->len;
		strbuf_addc(&by, (char)('0' + chance(10)));
	}
	replace(data, at, len, &by);
	strbuf_clear(&by);
}

static void mutant_make(struct mutant *mutant, enum conf_php_format format)
{
	*mutant = (struct mutant){.format = format, .path = paths[chance(COUNT(paths))]};
	strbuf_init(&mutant->data);
	session_make(mutant);
	for (size_t n = chance(3); n > 0 && mutant->data.len > 0; n--)
		session_mutate(&mutant->data);
}

/* ---- the comparison ---- */

struct tally {
	size_t same; /* a value, found by both */
	size_t refused;
	size_t classes; /* PHP's answer comes from a class */
};

static void add_hex(struct strbuf *out, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		strbuf_addf(out, "%02x", (unsigned char)data[i]);
}

/* What PHP would have to answer; "" where we refuse. */
static void ours(const struct mutant *mutant, struct strbuf *out)
{
	const struct php_session session = {mutant->format, mutant->data.data, mutant->data.len};
	struct error err = {0};
	char *value = NULL;
	enum status status = php_session_get(&session, mutant->path, &value, &err);

	if (status == STATUS_OK) {
		strbuf_adds(out, "v ");
		add_hex(out, value, strlen(value));
	} else if (status == STATUS_NOT_FOUND) {
		strbuf_adds(out, "n");
	} else {
		assert_status(status, STATUS_BAD_REQUEST);
	}
	free(value);
}

static void compare(const struct mutant *mutant, const char *php, struct tally *tally)
{
	struct strbuf said;

	strbuf_init(&said);
	ours(mutant, &said);
	if (said.len == 0)
		tally->refused++;
	else if (strcmp(php, "c") == 0)
		tally->classes++;
	else if (strcmp(php, said.data) != 0)
		fail_msg("%s, path %s, session %s: PHP says '%s', we '%s'",
			 format_names[mutant->format], mutant->path, mutant->data.data, php,
			 said.data);
	else if (said.data[0] == 'v')
		tally->same++;
	strbuf_clear(&said);
}

static void mutants_write(struct mutant *mutants, enum conf_php_format format, FILE *file)
{
	struct strbuf line;

	strbuf_init(&line);
	for (size_t i = 0; i < MUTANTS; i++) {
		mutant_make(&mutants[i], format);
		strbuf_reset(&line);
		strbuf_addf(&line, "%s\t%s\t", format_names[format], mutants[i].path);
		add_hex(&line, mutants[i].data.data, mutants[i].data.len);
		fprintf(file, "%s\n", line.data);
	}
	strbuf_clear(&line);
	assert_int_equal(fclose(file), 0);
}

static void mutants_compare(const struct mutant *mutants, FILE *answers, struct tally *tally)
{
	char line[LINE_SIZE];

	assert_non_null(answers);
	for (size_t i = 0; i < MUTANTS; i++) {
		if (fgets(line, sizeof(line), answers) == NULL)
			fail_msg("PHP stops at mutant %zu: %s", i, mutants[i].data.data);
		line[strcspn(line, "\n")] = '\0';
		compare(&mutants[i], line, tally);
	}
	assert_int_equal(pclose(answers), 0);
}

static void check_format(enum conf_php_format format)
{
	struct mutant *mutants = calloc(MUTANTS, sizeof(*mutants));
	struct tally tally = {0};
	char command[128];
	unit_folder_make(NULL);
	const char *path = unit_path("mutants");

	assert_non_null(mutants);
	state_of_chance = seed_choose();
	mutants_write(mutants, format, fopen(path, "w"));
	snprintf(command, sizeof(command), "php tests/peers/php_session.php %s", path);
	mutants_compare(mutants, popen(command, "r"), &tally);
	unit_folder_remove(NULL);
	print_message("%s: %zu values found by both, %zu sessions refused, %zu by their classes\n",
		      format_names[format], tally.same, tally.refused, tally.classes);
	assert_true(tally.same > MUTANTS / 50);
	assert_true(tally.classes < MUTANTS / 10);
	for (size_t i = 0; i < MUTANTS; i++)
		strbuf_clear(&mutants[i].data);
	free(mutants);
}

static void skip_without_php(void)
{
	if (system("command -v php >/dev/null") != 0)
		skip();
}

TEST(test_php)
{
	skip_without_php();
	check_format(PHP_FORMAT_PHP);
}

TEST(test_php_serialize)
{
	skip_without_php();
	check_format(PHP_FORMAT_SERIALIZE);
}

TEST(test_php_binary)
{
	skip_without_php();
	check_format(PHP_FORMAT_BINARY);
}
