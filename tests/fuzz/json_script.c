/*
 * Texts as JSON in a page's <script>, and in HTML. Oracles: the JSON never has a '<', nor anything
 * but printable ASCII, and is read as the same text; the HTML has none of the characters that mean
 * something, and is decoded to the same text.
 */
#include "fuzz.h"

#include "base/json.h"

static void check_json(const char *text)
{
	struct json_writer w;
	struct strbuf out;
	struct json *root = NULL;

	strbuf_init(&out);
	json_writer_init(&w, &out);
	json_open_object(&w, NULL);
	json_put_string(&w, "a", text);
	json_put_string(&w, text, "b");
	json_close_object(&w);
	ORACLE(strbuf_ok(&out) && strlen(out.data) == out.len);
	for (size_t i = 0; i < out.len; i++)
		ORACLE(out.data[i] >= 0x20 && out.data[i] <= 0x7e &&
		       strchr("<>&'", out.data[i]) == NULL);
	if (strcmp(text, "a") != 0) { /* a key that occurs twice is refused */
		ORACLE(json_parse(out.data, out.len, &root, NULL) == STATUS_OK);
		const char *back = json_string(json_member(root, "a"));
		ORACLE(back != NULL && utf8_valid(back, strlen(back)));
		ORACLE(!utf8_valid(text, strlen(text)) || strcmp(back, text) == 0);
	}
	json_free(root);
	strbuf_clear(&out);
}

static void check_html(const char *text)
{
	static const struct {
		const char *escape;
		char c;
	} escapes[] = {
	    {"&amp;",  '&' },
            {"&lt;",   '<' },
            {"&gt;",   '>' },
            {"&quot;", '"' },
            {"&#39;",  '\''}
        };
	struct strbuf out;

	strbuf_init(&out);
	codec_html(&out, text);
	for (const char *at = out.data; *at != '\0' || *text != '\0'; text++) {
		size_t len = 1;
		char c = *at;

		ORACLE(strchr("<>\"'", c) == NULL || c == '\0');
		for (size_t i = 0; i < 5 && *at == '&'; i++)
			if (strncmp(at, escapes[i].escape, strlen(escapes[i].escape)) == 0) {
				len = strlen(escapes[i].escape);
				c = escapes[i].c;
			}
		ORACLE(c == *text && (*at != '&' || len > 1));
		at += len;
	}
	strbuf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	fuzz_start();
	check_json(text);
	check_html(text);
	free(text);
	return 0;
}
