/*
 * The log. The first byte chooses the format; the lines are the event's values. Oracle: whatever
 * they hold, there is one line of printable ASCII within 2 KiB, and as JSON it is an object with
 * the values' beginnings.
 */
#include "fuzz.h"

#include <fcntl.h>

#include "base/json.h"
#include "base/log.h"

#define LINE_MAX_BYTES 2048

static int log_fd(void)
{
	static int fd = -1;

	if (fd < 0) {
		const char *path = fuzz_file("log");

		ORACLE(log_open(path, LOG_LEVEL_DEBUG, NULL) == STATUS_OK);
		fd = open(path, O_RDWR);
		ORACLE(fd >= 0);
	}
	return fd;
}

static void check(const char *line, size_t len, bool json, const char *first)
{
	struct json *root = NULL;

	ORACLE(len > 1 && len <= LINE_MAX_BYTES && line[len - 1] == '\n');
	for (size_t i = 0; i + 1 < len; i++)
		ORACLE(line[i] >= 0x20 && line[i] <= 0x7e);
	if (!json)
		return;
	ORACLE(json_parse(line, len - 1, &root, NULL) == STATUS_OK && json_is_object(root));
	const char *value = json_string(json_member(root, "a"));
	ORACLE(value != NULL);
	ORACLE(!utf8_valid(first, strlen(first)) || strlen(first) > 100 ||
	       strcmp(value, first) == 0);
	json_free(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[LINE_MAX_BYTES + 2], *lines[4];
	struct error err;

	if (size == 0)
		return 0;
	fuzz_start();
	int fd = log_fd();
	bool json = data[0] % 2 != 0;
	fuzz_lines(data + 1, size - 1, lines, 4);
	log_set_format(json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT, NULL);
	error_set(&err, STATUS_INTERNAL, "%s", lines[3]);
	ORACLE(!text_has_control(err.text));
	log_event(LOG_LEVEL_WARN, "fuzzed", "a", lines[0], "b", lines[1], "c", lines[2], "why",
		  err.text, NULL);
	ssize_t len = pread(fd, line, sizeof(line), 0);
	ORACLE(len > 0);
	check(line, (size_t)len, json, lines[0]);
	ORACLE(ftruncate(fd, 0) == 0);
	fuzz_lines_free(lines, 4);
	return 0;
}
