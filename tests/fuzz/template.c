/*
 * A page of a webmaster. Oracle: a page that is accepted never shows a value as anything but text:
 * the characters that mean something in HTML are escaped wherever it stands.
 */
#include "fuzz.h"

#include "template/template.h"

#define MARK    "qzq"
#define HOSTILE "<" MARK "\"'>&" MARK "<"

static struct view *make_view(void)
{
	struct view *view = view_new();

	ORACLE(view != NULL);
	view_text(view, "text", HOSTILE);
	view_flag(view, "flag", true);
	view_flag(view, "no", false);
	view_json_script(view, "json", "{\"a\":\"\\u003c" MARK "\\u003e\"}");
	for (int i = 0; i < 2; i++) {
		struct view *row = view_row(view, "rows");

		view_text(row, "cell", HOSTILE);
		view_flag(row, "flag", i > 0);
	}
	return view;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"text", "flag", "no", "json", "rows", "cell", NULL};
	static const struct template_page page = {.file = "page.html", .names = names};
	struct template_set *set = NULL;
	struct error err = {0};
	struct strbuf out;

	if (memmem(data, size, MARK, strlen(MARK)) != NULL || size > 2048)
		return 0;
	fuzz_write("page.html", data, size);
	char *folder = strdup(fuzz_file(""));
	folder[strlen(folder) - 1] = '\0';
	if (template_set_load(folder, &page, 1, &set, &err) == STATUS_OK) {
		struct view *view = make_view();

		strbuf_init(&out);
		/* JSON has its place in a script: elsewhere the page fails */
		if (template_render(set, "page.html", view, &out, NULL) != STATUS_OK)
			strbuf_reset(&out);
		for (const char *at = out.data; (at = strstr(at, MARK)) != NULL;
		     at += strlen(MARK)) {
			ORACLE(at > out.data && strchr("<>\"'&", at[-1]) == NULL);
			ORACLE(strchr("<>\"'", at[strlen(MARK)]) == NULL);
		}
		strbuf_clear(&out);
		view_free(view);
	} else {
		ORACLE(err.text[0] != '\0');
	}
	template_set_free(set);
	free(folder);
	return 0;
}
