/*
 * password/hash against real PHP and real Python: hundreds of fresh hashes of every format
 * they can make, of random passwords, each taken; and none taken with another password.
 */
#include "unit.h"

#include "base/secret.h"
#include "password/hash.h"

#define PASSWORDS 500 /* of each format */
#define LINE_SIZE 2048

static void skip_without(const char *program)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	if (system(command) != 0)
		skip();
}

/* In place. */
static void from_hex(char *text)
{
	size_t n = strlen(text) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned byte;
		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		text[i] = (char)byte;
	}
	text[n] = '\0';
}

static enum status verify(const char *hash, const char *password)
{
	struct password_hash read;
	struct error err;

	if (password_hash_read(hash, true, &read, &err) != STATUS_OK)
		fail_msg("%s: %s", hash, err.text);
	return password_hash_verify(&read, password);
}

static void check_line(char *line, size_t number)
{
	char *rest = line;
	const char *format = strsep(&rest, "\t");
	const char *hash = strsep(&rest, "\t");
	char *password = strsep(&rest, "\n");

	assert_non_null(password);
	from_hex(password);
	if (verify(hash, password) != STATUS_OK)
		fail_msg("%s: %s", format, hash);
	if (number % 10 == 0 && strlen(password) < 60) {
		strcat(password, "x");
		if (verify(hash, password) != STATUS_BAD_CREDENTIALS)
			fail_msg("%s: %s is another password's too", format, hash);
	}
}

static void check_all(const char *command, size_t least)
{
	char line[LINE_SIZE];
	size_t n = 0;
	FILE *lines = popen(command, "r");

	assert_non_null(lines);
	while (fgets(line, sizeof(line), lines) != NULL)
		check_line(line, n++);
	assert_int_equal(pclose(lines), 0);
	if (n < least)
		fail_msg("only %zu hashes from: %s", n, command);
}

GROUP(unit_secrets, NULL)

TEST(test_php)
{
	char command[128];

	skip_without("php");
	snprintf(command, sizeof(command), "php tests/peers/password_hashes.php %d", PASSWORDS);
	check_all(command, 10 * (size_t)PASSWORDS);
}

TEST(test_python)
{
	char command[128];

	skip_without("python3");
	snprintf(command, sizeof(command), "python3 -W ignore tests/peers/password_hashes.py %d",
		 PASSWORDS);
	check_all(command, 11 * (size_t)PASSWORDS);
}
