/*
 * The path and the mount point. Lines: SCRIPT_NAME, PATH_INFO, REQUEST_URI ("-" for none), and
 * base_path (if it is one). Oracle: a mount point and a path that are accepted are plain,
 * so a link made from them stays below the mount point.
 */
#include "fuzz.h"

#include "web/request.h"

static void check_plain(const char *text)
{
	ORACLE(text[0] == '\0' || text[0] == '/');
	ORACLE(strstr(text, "//") == NULL && strchr(text, '\\') == NULL);
	ORACLE(strstr(text, "/../") == NULL && strstr(text, "/./") == NULL);
	ORACLE(!text_has_control(text) && utf8_valid(text, strlen(text)));
}

static char *param(const char *name, const char *value)
{
	struct strbuf text;

	strbuf_init(&text);
	if (strcmp(value, "-") == 0)
		return strbuf_take(&text); /* "": ignored */
	strbuf_addf(&text, "%s=%s", name, value);
	return strbuf_take(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *lines[4];
	struct request req;

	fuzz_start();
	fuzz_lines(data, size, lines, 4);
	bool set = lines[3][0] == '/' && lines[3][1] != '\0'; /* and as conf/value.c checks it */
	if (set &&
	    (strstr(lines[3], "//") != NULL || strchr(lines[3], '\\') != NULL ||
	     strstr(lines[3], "/.") != NULL || text_has_control(lines[3]) ||
	     !utf8_valid(lines[3], strlen(lines[3])) || lines[3][strlen(lines[3]) - 1] == '/'))
		set = false;
	char *params[] = {param("SCRIPT_NAME", lines[0]), param("PATH_INFO", lines[1]),
			  param("REQUEST_URI", lines[2]), NULL};
	const struct raw_request raw = {.params = params};
	enum status status = request_read(&raw, &req, NULL);
	if (status == STATUS_OK)
		status = request_mount(&req, lines[3], set, NULL);
	if (status == STATUS_OK) {
		char *home = request_next(&req, NULL);

		check_plain(req.base);
		check_plain(req.path);
		ORACLE(!set || req.base == lines[3]);
		ORACLE(home != NULL && home[0] == '/' && home[1] != '/');
		free(home);
	}
	request_clear(&req);
	fuzz_lines_free(params, 3);
	fuzz_lines_free(lines, 4);
	return 0;
}
