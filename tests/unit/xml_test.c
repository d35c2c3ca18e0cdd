/*
 * XML: the tree, namespaces and encodings; and that a DTD, and one more of anything than the limits
 * allow, is refused.
 */

#include "unit.h"

#include "base/strbuf.h"
#include "base/xml.h"

/* Parsed whole, or the test fails; the caller frees it. */
static struct xml_node *parse(const char *text, const char *encoding)
{
	struct xml_node *root = NULL;
	struct error err = {.status = STATUS_OK};

	if (xml_parse(text, strlen(text), encoding, &root, &err) != STATUS_OK)
		fail_msg("%.200s: %s", text, err.text);
	assert_non_null(root);
	return root;
}

static void assert_refused(const char *text, size_t len, const char *encoding)
{
	struct xml_node *root = NULL;
	struct error err = {.status = STATUS_OK};

	if (xml_parse(text, len, encoding, &root, &err) == STATUS_OK)
		fail_msg("was taken: %.200s", text);
	assert_int_equal(err.status, STATUS_BAD_REQUEST);
	assert_true(strlen(err.text) > 10);
	assert_null(root); /* set only on success */
}

TEST(test_tree)
{
	struct xml_node *root = parse("<?xml version='1.0'?><!-- c --><a x='1' y=\"&lt;2&gt;\">t1"
				      "<b>in b</b>t2<c/><b n='2'/>&amp;t3&#33;</a>",
				      NULL);
	const struct xml_node *b = xml_child(root, NULL, "b");

	assert_string_equal(root->name, "a");
	assert_string_equal(root->ns, "");
	assert_string_equal(root->text, "t1t2&t3!");
	assert_string_equal(xml_attr(root, NULL, "x"), "1");
	assert_string_equal(xml_attr(root, NULL, "y"), "<2>");
	assert_null(xml_attr(root, NULL, "z"));
	assert_ptr_equal(b, root->children);
	assert_string_equal(b->text, "in b");
	assert_null(xml_attr(b, NULL, "n"));
	assert_string_equal(b->next->name, "c");
	assert_string_equal(b->next->text, "");
	assert_null(b->next->attrs);
	assert_null(b->next->children);
	assert_string_equal(xml_attr(b->next->next, NULL, "n"), "2");
	assert_null(b->next->next->next);
	assert_null(root->next);
	xml_free(root);
}

TEST(test_nothing_there)
{
	assert_null(xml_child(NULL, NULL, "a"));
	assert_null(xml_attr(NULL, NULL, "a"));
	xml_free(NULL);
}

#define BODY "http://jabber.org/protocol/httpbind"
#define BOSH "urn:xmpp:xbosh"

TEST(test_namespaces)
{
	struct xml_node *root =
	    parse("<body xmlns='" BODY "' xmlns:x='" BOSH "' sid='s' x:version='1.0' "
		  "version='2' xml:lang='en'><x:in/><in/><p xmlns=''/></body>",
		  NULL);

	assert_string_equal(root->ns, BODY);
	assert_string_equal(root->name, "body");
	assert_string_equal(xml_attr(root, NULL, "sid"), "s");
	assert_string_equal(xml_attr(root, NULL, "version"), "2");
	assert_string_equal(xml_attr(root, BOSH, "version"), "1.0");
	assert_null(xml_attr(root, BODY, "sid"));
	assert_null(xml_attr(root, NULL, "xmlns"));
	assert_string_equal(xml_attr(root, "http://www.w3.org/XML/1998/namespace", "lang"), "en");
	assert_ptr_equal(xml_child(root, BOSH, "in"), root->children);
	assert_ptr_equal(xml_child(root, NULL, "in"), root->children);
	assert_ptr_equal(xml_child(root, BODY, "in"), root->children->next);
	assert_non_null(xml_child(root, "", "p"));
	assert_null(xml_child(root, BODY, "p"));
	assert_null(xml_child(root, "urn:other", "in"));
	xml_free(root);
}

TEST(test_encodings)
{
	static const struct {
		const char *text;
		const char *encoding;
	} cases[] = {
	    {"<a>\xc3\xa9</a>",					    NULL        },
	    {"<a>\xc3\xa9</a>",					    "UTF-8"     },
	    {"<a>\xc3\xa9</a>",					    "utf-8"     },
	    {"\xef\xbb\xbf<a>\xc3\xa9</a>",                                NULL        },
	    {"<?xml version='1.0' encoding='UTF-8'?><a>\xc3\xa9</a>",      NULL        },
	    {"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",     NULL        },
	    {"<a>\xe9</a>",						"ISO-8859-1"},
	    {"<a>\xe9</a>",						"iso-8859-1"},
 /* what the caller knows from the Content-Type wins (RFC 7303, 3) */
	    {"<?xml version='1.0' encoding='UTF-8'?><a>\xe9</a>",          "ISO-8859-1"},
	    {"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xc3\xa9</a>", "UTF-8"     },
	    {"<a>&#233;</a>",					      "US-ASCII"  },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct xml_node *root = parse(cases[i].text, cases[i].encoding);

		assert_string_equal(root->text, "\xc3\xa9");
		xml_free(root);
	}
}

TEST(test_refuses)
{
	static const char *const bad[] = {
	    "",
	    " ",
	    "text",
	    "<a",
	    "<a>",
	    "</a>",
	    "<a></b>",
	    "<a/><b/>",
	    "<a/>x",
	    "x<a/>",
	    "<a b/>",
	    "<a b=c/>",
	    "<a b='1' b='2'/>",
	    "<a>&nbsp;</a>",
	    "<a>&x;</a>",
	    "<a>&#0;</a>",
	    "<a>&#1;</a>",
	    "<a>\x01</a>",
	    "<a>&</a>",
	    "<a x='<'/>",
	    "<p:a/>",
	    "<a p:b='1'/>",
	    "<a><![CDATA[x</a>",
	    /* the same attribute under two prefixes */
	    "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
	    /* a namespace that holds the separator */
	    "<a xmlns='u&#10;b'/>",
	    /* any DTD */
	    "<!DOCTYPE a><a/>",
	    "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
	    "<?xml version='1.0'?>\n<!DOCTYPE a PUBLIC 'p' 's'><a/>",
	    "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
	    "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
	    "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1/'>%p;]><a/>",
	    "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>",
	    "<!doctype a><a/>",
	    /* encodings */
	    "<a>\xe9</a>",
	    "<a>\xc0\x80</a>",
	    "<a>\xed\xa0\x80</a>",
	    "<?xml version='1.0' encoding='UTF-7'?><a/>",
	    "<?xml version='1.0' encoding='UTF-16'?><a/>",
	    "<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>",
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_refused(bad[i], strlen(bad[i]), NULL);
	assert_refused("<a/>\0", 5, NULL);
	assert_refused("\xff\xfe<\0a\0/\0>\0", 10, NULL); /* UTF-16 */
	assert_refused("<a>\xe9</a>", 8, "UTF-8");
	assert_refused("<a/>", 4, "UTF-16");
	assert_refused("<a/>", 4, "windows-1252");
	assert_refused("<a/>", 4, "");
}

/* The sentence names every encoding that is accepted. */
TEST(test_accepted_encodings_are_named)
{
	static const char *const accepted[] = {"UTF-8", "ISO-8859-1", "US-ASCII"};
	struct xml_node *root = NULL;

	for (size_t i = 0; i < COUNT(accepted); i++) {
		assert_fails(xml_parse("<a/>", 4, "UTF-7", &root, ERR), STATUS_BAD_REQUEST,
			     accepted[i]);
		xml_free(parse("<a/>", accepted[i]));
	}
}

TEST(test_a_dtd_is_named)
{
	static const char text[] = "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>";
	struct xml_node *root = NULL;

	assert_fails(xml_parse(text, sizeof(text) - 1, NULL, &root, ERR), STATUS_BAD_REQUEST,
		     "DTD");
}

TEST(test_every_cut_is_refused)
{
	static const char text[] = "<a x='1'><b>t&amp;</b><c><d/></c></a>";

	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_refused(text, len, NULL);
}

/* Builds open repeated n times between head and tail, and says whether it is read. */
struct repeat {
	const char *head;
	const char *open;
	const char *close;
	const char *tail;
};

static bool reads(const struct repeat *r, size_t n)
{
	struct strbuf text;
	struct xml_node *root = NULL;
	enum status status;

	strbuf_init(&text);
	strbuf_adds(&text, r->head);
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(&text, r->open);
		if (r->open[0] == ' ') /* attributes need names of their own */
			strbuf_addf(&text, "%zu='1'", i);
	}
	for (size_t i = 0; i < n; i++)
		strbuf_adds(&text, r->close);
	strbuf_adds(&text, r->tail);
	status = xml_parse(text.data, text.len, NULL, &root, NULL);
	strbuf_clear(&text);
	xml_free(root);
	return status == STATUS_OK;
}

TEST(test_limits)
{
	static const struct {
		const char *what;
		struct repeat repeat;
		size_t most;
	} cases[] = {
	    {"levels",                   {"<a>", "<a>", "</a>", "</a>"},       7    },
	    {"elements",                 {"<a>", "<a/>", "", "</a>"},          199  },
	    {"attributes",               {"<a", " a", "", "/>"},               16   },
	    {"text",		     {"<a>", "x", "", "</a>"},             16384},
	    {"text of several elements", {"<a>x<b>x</b>", "x", "", "</a>"},    16382},
	    {"CDATA",                    {"<a><![CDATA[", "x", "", "]]></a>"}, 16384},
	    {"an attribute's value",     {"<a b='", "x", "", "'/>"},           16384},
	    {"attribute and text",       {"<a b='1'>", "x", "", "</a>"},       16383},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		if (!reads(&cases[i].repeat, cases[i].most))
			fail_msg("%s: %zu are refused", cases[i].what, cases[i].most);
		if (reads(&cases[i].repeat, cases[i].most + 1))
			fail_msg("%s: %zu are taken", cases[i].what, cases[i].most + 1);
	}
	assert_false(reads(&cases[0].repeat, 100000));
	assert_false(reads(&cases[1].repeat, 100000));
}
