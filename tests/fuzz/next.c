/*
 * The address to go to after the login. Lines: the mount point, and the parameter next. Oracle: it
 * begins with one slash, is below the mount point, and holds nothing that a browser or a header
 * could read as another site.
 */
#include "fuzz.h"

#include "web/request.h"

static void check(const char *next, const char *home)
{
	size_t path_len = strcspn(next, "?");
	struct strbuf plain;

	ORACLE(next[0] == '/' && next[1] != '/' && next[1] != '\\');
	ORACLE(strncmp(next, home, strlen(home)) == 0);
	ORACLE(strchr("/?", next[strlen(home)]) != NULL);
	for (const char *c = next; *c != '\0'; c++)
		ORACLE(*c > ' ' && *c < 0x7f && strchr("\\\"<>#`{}|^", *c) == NULL);
	/* also after the one decoding that a web server may do */
	strbuf_init(&plain);
	ORACLE(codec_percent_decode(&plain, next, path_len, false) != STATUS_OK ||
	       (strstr(plain.data, "//") == NULL && strchr(plain.data, '\\') == NULL &&
		strstr(plain.data, "/../") == NULL && !text_has_control(plain.data)));
	strbuf_clear(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const bases[] = {"", "/chat", "/a/b", "/caf\xc3\xa9"};
	char *lines[2];
	struct strbuf home;

	fuzz_lines(data, size, lines, 2);
	struct request req = {.base = bases[(unsigned char)lines[0][0] % 4]};
	char *next = request_next(&req, lines[1]);
	strbuf_init(&home);
	codec_percent_path(&home, req.base);
	ORACLE(next != NULL && strlen(next) <= 512);
	check(next, home.data);
	strbuf_clear(&home);
	free(next);
	fuzz_lines_free(lines, 2);
	return 0;
}
