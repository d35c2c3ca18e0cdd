/*
 * Pages in several languages: texts put in at the load, the language by Accept-Language, and what
 * is refused.
 */
#include "unit.h"

#include <sys/stat.h>

#include "template/template.h"

static const char *const names[] = {"user", NULL};
static const struct template_page page = {.file = "page.html", .names = names};
static const struct template_page other = {.file = "other.html", .names = names, .optional = true};

static int setup(void **state)
{
	unit_folder_make(state);
	unit_write("page.html", "<p title=\"{{t.hello}}\">{{t.hello}}, {{user}}</p>");
	unit_write("lang/en.json", "{\"hello\":\"Hello\",\"title\":\"T\"}");
	unit_write("lang/de.json", "{\"hello\":\"<Hallo> & \\\"du\\\"\",\"title\":\"\"}");
	unit_write("lang/README.txt", "not a language");
	return 0;
}

static struct template_set *load(const struct template_page *pages, size_t n)
{
	struct template_set *set = NULL;

	assert_ok(template_set_load(unit_folder(), pages, n, &set, ERR));
	return set;
}

static void expect(const struct template_set *set, const char *language, const char *text)
{
	struct view *view = view_new();
	struct strbuf out;

	strbuf_init(&out);
	view_text(view, "user", "<b>");
	view_language(view, language);
	assert_ok(template_render(set, "page.html", view, &out, ERR));
	assert_string_equal(out.data, text);
	strbuf_clear(&out);
	view_free(view);
}

FIXTURE(setup, unit_folder_remove)

TEST(test_pages)
{
	struct template_set *set = load(&page, 1);

	expect(set, "en", "<p title=\"Hello\">Hello, &lt;b&gt;</p>");
	expect(set, "de",
	       "<p title=\"&lt;Hallo&gt; &amp; &quot;du&quot;\">&lt;Hallo&gt; &amp; "
	       "&quot;du&quot;, &lt;b&gt;</p>");
	assert_string_equal(template_text(set, "en", "title"), "T");
	assert_null(template_text(set, "en", "nothing"));
	assert_null(template_text(set, "xx", "title"));
	assert_true(template_speaks(set, "de"));
	assert_false(template_speaks(set, "README"));
	template_set_free(set);
}

TEST(test_choice)
{
	static char xx[] = "xx", en[] = "en", de[] = "de";
	static char *const offered[] = {xx, en, de};
	static const struct template_offer offer = {.names = offered, .count = 3};
	static const struct {
		const char *header, *language;
	} rows[] = {
	    {NULL,			   "en"},
	    {"",			     "en"},
	    {"de",			   "de"},
	    {"DE-at",			"de"},
	    {"den",			  "en"},
	    {"fr, de;q=0.5, en;q=0.4",       "de"},
	    {"en;q=0.4,de;q=0.400",          "en"},
	    {"en;q=0.3, de;q=0.31",          "de"},
	    {"de;q=0, en;q=0",               "en"},
	    {"de;q=0.001",                   "de"},
	    {"xx",			   "en"},
	    {"*",			    "en"},
	    {" , ,, de ;q=1 ,",              "de"},
	    {"de;q=rubbish;;;===,,,;q=",     "de"},
	    {"de;q=x",		       "de"},
	    {"de;q=x, en;q=0.1",             "en"},
	    {"de;q=, en;q=0.1",              "en"},
	    {"de;q=1.5, en;q=0.1",           "en"},
	    {"de;q=1.001, en;q=0.1",         "en"},
	    {"de;q=.5, en;q=0.1",            "en"},
	    {"de;q=5, en;q=0.1",             "en"},
	    {"de;q=10, en;q=0.1",            "en"},
	    {"de;q=0.5.5, en;q=0.1",         "en"},
	    {"de;q=0.5x, en;q=0.1",          "en"},
	    {"de;q=0.1234, en;q=0.1",        "en"},
	    {"de;q=-1, en;q=0.1",            "en"},
	    {"en;q=0., de;q=0.1",            "de"},
	    {"en;q=0.5, de;q=1.000",         "de"},
	    {"en;Q=0.5, de;q=0.6",           "de"},
	    {"en ; \tq=0.5 , de;q=0.6",      "de"},
	    {"en;freq=0, de;q=0.6",          "en"},
	    {"de;freq=0.9;q=0.1, en;q=0.2",  "en"},
	    {"de-CH-1996;q=0.9,en-GB;q=0.8", "de"},
	};
	struct template_set *set = load(&page, 1);

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(template_language(set, &offer, rows[i].header),
				    rows[i].language);
	assert_string_equal(template_language(set, &(struct template_offer){.names = NULL}, "de"),
			    "");
	template_set_free(set);
}

TEST(test_language_outlives_offer)
{
	char name[] = "de";
	char *const offered[] = {name};
	struct template_set *set = load(&page, 1);
	const char *language =
	    template_language(set, &(struct template_offer){.names = offered, .count = 1}, "de");

	name[0] = '\0'; /* what an offer on the stack becomes */
	assert_string_equal(language, "de");
	template_set_free(set);
}

TEST(test_optional)
{
	const struct template_page pages[] = {other, page};
	struct template_set *set = load(pages, 2);

	assert_false(template_has(set, "other.html"));
	assert_true(template_has(set, "page.html"));
	expect(set, "en", "<p title=\"Hello\">Hello, &lt;b&gt;</p>");
	template_set_free(set);
	unit_write("other.html", "{{t.hello}}");
	set = load(pages, 2);
	assert_true(template_has(set, "other.html"));
	template_set_free(set);
	unlink(unit_path("other.html"));
}

static void refused(const char *text, const char *why)
{
	struct template_set *set = NULL;

	assert_status(template_set_load(unit_folder(), &page, 1, &set, ERR), STATUS_BAD_REQUEST);
	assert_null(set);
	if (strstr(unit_error.text, why) == NULL)
		fail_msg("%s: %s", text, unit_error.text);
}

TEST(test_refusals)
{
	static const struct {
		const char *page, *why;
	} rows[] = {
	    {"{{t.nothing}}",                "page.html:1: lang/ contains no text with this name: t.nothing"},
	    {"<script>{{t.hello}}</script>", "a text must not be inside a tag or a script"                  },
	    {"<p {{t.hello}}>",              "a text must not be inside a tag or a script"                  },
	    {"<p onclick=\"{{t.hello}}\">",  "a text must not be inside a tag or a script"                  },
	    {"{{#t.hello}}{{/t.hello}}",     "the page has no value with this name"                         },
	};
	static const char *const languages[] = {"[]", "{\"hello\":1}", "{", "{\"hello\":\"x\"} y"};

	for (size_t i = 0; i < COUNT(rows); i++) {
		unit_write("page.html", rows[i].page);
		refused(rows[i].page, rows[i].why);
	}
	unit_write("page.html", "{{t.hello}}");
	for (size_t i = 0; i < COUNT(languages); i++) {
		unit_write("lang/fr.json", languages[i]);
		refused(languages[i], i == 1 ? "no text with this name" : "fr.json: ");
	}
	unlink(unit_path("lang/fr.json"));
}
