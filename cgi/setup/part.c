/*
 * The configuration parts for the web server and the XMPP server, and the commands that enable
 * these parts. The texts come from the installed files and from code blocks in the documents, so
 * that there is only one source for each text.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "conf/shipped.h"
#include "setup/setup.h"
#include "net/http_url.h"

#define SHIPPED_MAX 65536 /* in bytes */

/* ---- texts ---- */

static void replace_all(struct strbuf *text, const char *from, const char *to)
{
	struct strbuf out;
	const char *at = text->data;

	strbuf_init(&out);
	for (const char *found; (found = strstr(at, from)) != NULL; at = found + strlen(from)) {
		strbuf_add(&out, at, (size_t)(found - at));
		strbuf_adds(&out, to);
	}
	strbuf_adds(&out, at);
	out.failed |= text->failed;
	strbuf_clear(text);
	*text = out;
}

/* Replaces /chat with the mount point, but not where /chat is the start of a longer name. */
static void replace_mount(struct strbuf *text, const char *mount)
{
	static const char shipped[] = "/chat";
	struct strbuf out;
	const char *at = text->data;

	strbuf_init(&out);
	for (const char *found; (found = strstr(at, shipped)) != NULL;) {
		const char *end = found + strlen(shipped);
		bool whole = !isalnum((unsigned char)*end) && *end != '-' && *end != '_';

		strbuf_add(&out, at, (size_t)(found - at));
		strbuf_adds(&out, whole ? mount : shipped);
		at = end;
	}
	strbuf_adds(&out, at);
	out.failed |= text->failed;
	strbuf_clear(text);
	*text = out;
}

/* Sets the value in lines like `Define NAME …` or `var.NAME = "…"`. */
static void set_setting(struct strbuf *text, const char *name, const char *value)
{
	struct strbuf out;

	strbuf_init(&out);
	for (const char *line = text->data; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		size_t name_len = strlen(name);
		bool define = strncmp(line, "Define ", 7) == 0 &&
			      strncmp(line + 7, name, name_len) == 0 && line[7 + name_len] == ' ';
		bool var = strncmp(line, "var.", 4) == 0 &&
			   strncmp(line + 4, name, name_len) == 0 && line[4 + name_len] == ' ';

		if (define)
			strbuf_addf(&out, "Define %s \"%s\"", name, value);
		else if (var)
			strbuf_addf(&out, "var.%s = \"%s\"", name, value);
		else
			strbuf_add(&out, line, len);
		line += len;
		if (*line == '\n')
			strbuf_addc(&out, *line++);
	}
	out.failed |= text->failed;
	strbuf_clear(text);
	*text = out;
}

static enum status shipped_read(const struct setup *setup, const char *name, struct strbuf *out,
				struct error *err)
{
	const char *share = setup_answer(setup, SETUP_SHARE);
	struct file_found found;
	struct strbuf path;

	strbuf_init(&path);
	strbuf_addf(&path, "%s/%s", share, name);
	enum file_fault fault = strbuf_ok(&path)
				    ? file_read(path.data, FILE_BY_GROUP, SHIPPED_MAX, out, &found)
				    : FILE_NO_MEMORY;
	strbuf_clear(&path);
	if (fault == FILE_OK)
		return STATUS_OK;
	return error_set(
	    err, STATUS_NOT_FOUND,
	    "%s/%s cannot be read; set share=FOLDER to the folder of prebind's shared files", share,
	    name);
}

/* ---- the web server ---- */

/* Formatted by hand: clang-format would make each column as wide as its longest path. */
/* clang-format off */
static const struct web_kind {
	const char *word;
	const char *document; /* name in docs/, without .md */
	const char *file;  /* in the shared folder; NULL if nothing is written */
	/*
	 * A file of the web server's own package. The file exists if the web server is installed. A
	 * file of our package would not show this, because our package has files for every web
	 * server.
	 */
	const char *here;
	const char *place; /* where Debian expects this file; setup does not enable it */
	bool socket;
	bool no_proxy; /* the browser calls the XMPP server directly */
} web_kinds[] = {
	{"apache", "apache", "apache/prebind.conf", "/etc/apache2/apache2.conf",
	 "/etc/apache2/conf-available/prebind.conf", .socket = true},
	{"lighttpd", "lighttpd", "lighttpd/prebind.conf", "/etc/lighttpd/lighttpd.conf",
	 "/etc/lighttpd/conf-available/60-prebind.conf", .socket = true},
	{"nginx", "nginx", "nginx/prebind.conf", "/etc/nginx/nginx.conf",
	 "/etc/nginx/snippets/prebind.conf", .socket = true},
	{"apache-cgi", "apache", "apache/prebind-cgi.conf", NULL,
	 "/etc/apache2/conf-available/prebind-cgi.conf", .socket = false},
	{"lighttpd-cgi", "lighttpd", "lighttpd/prebind-cgi.conf", NULL,
	 "/etc/lighttpd/conf-available/60-prebind-cgi.conf", .socket = false},
	{"htaccess", "apache", "apache/htaccess", NULL, NULL, .socket = false, .no_proxy = true},
	{"none", NULL, NULL, NULL, NULL, .socket = true},
};
/* clang-format on */

const char *const setup_web_words[] = {"apache",       "lighttpd", "nginx", "apache-cgi",
				       "lighttpd-cgi", "htaccess", "none",  NULL};

static const struct web_kind *web_kind(const struct setup *setup)
{
	for (size_t i = 0; i < sizeof(web_kinds) / sizeof(web_kinds[0]); i++)
		if (strcmp(web_kinds[i].word, setup_answer(setup, SETUP_WEB)) == 0)
			return &web_kinds[i];
	return &web_kinds[sizeof(web_kinds) / sizeof(web_kinds[0]) - 1];
}

const char *setup_web_found(void)
{
	if (conf_kit() != NULL)
		return "htaccess";
	for (size_t i = 0; i < sizeof(web_kinds) / sizeof(web_kinds[0]); i++)
		if (web_kinds[i].here != NULL && access(web_kinds[i].here, F_OK) == 0)
			return web_kinds[i].word;
	return "none";
}

bool setup_web_has_socket(const struct setup *setup)
{
	return web_kind(setup)->socket;
}

bool setup_web_has_proxy(const struct setup *setup)
{
	return !web_kind(setup)->no_proxy;
}

static bool has_folder(const char *path)
{
	char *folder = setup_folder_of(path);
	bool there = folder != NULL && access(folder, F_OK) == 0;

	free(folder);
	return there;
}

char *setup_web_file(const struct setup *setup)
{
	const struct web_kind *kind = web_kind(setup);
	const char *page = conf_kit_page();
	struct strbuf path;

	if (kind->here != NULL && geteuid() == 0 && access(kind->here, F_OK) == 0 &&
	    has_folder(kind->place) && setup_file_is_free(kind->place))
		return strdup(kind->place);
	strbuf_init(&path);
	if (conf_kit() != NULL && page != NULL && kind->no_proxy)
		strbuf_addf(&path, "%s/.htaccess", page);
	else
		strbuf_addf(&path, "%s/%s.conf", setup->folder, kind->word);
	return strbuf_take(&path);
}

/*
 * Sets the address of the XMPP server's BOSH service. Does nothing if prebind uses Tigase's REST
 * call, because the given address is then not a BOSH address.
 */
static void set_bosh(const struct setup *setup, struct strbuf *out)
{
	const char *url = setup_answer(setup, SETUP_XMPP);
	struct http_url at = {0};
	char port[16];

	if (strcmp(setup_answer(setup, SETUP_AUTH), "tigase") == 0 ||
	    http_url_read(url, &at, NULL) != STATUS_OK)
		return;
	snprintf(port, sizeof(port), "%ld", at.port);
	set_setting(out, "prebind_bosh", url);
	set_setting(out, "prebind_bosh_host", at.host);
	set_setting(out, "prebind_bosh_port", port);
	replace_all(out, "http://127.0.0.1:5280/http-bind", url); /* nginx's file has this URL */
	http_url_clear(&at);
}

enum status setup_web_write(const struct setup *setup, struct strbuf *out, struct error *err)
{
	const struct web_kind *kind = web_kind(setup);
	char *mount = setup_mount(setup);
	struct strbuf folder;

	if (kind->file == NULL || mount == NULL) {
		free(mount);
		return STATUS_OK;
	}
	bool root = mount[0] == '\0' && strncmp(kind->word, "lighttpd", 8) != 0;
	if (kind->no_proxy) /* only the kit's htaccess file supports paths other than /chat */
		root = conf_kit() == NULL && strcmp(mount, "/chat") != 0;
	enum status status =
	    root ? error_set(err, STATUS_BAD_REQUEST,
			     "setup cannot write the web server's configuration for this path; "
			     "write it by hand (docs/%s.md), and set web=none",
			     kind->document)
		 : shipped_read(setup, kind->file, out, err);
	if (status == STATUS_OK) {
		strbuf_init(&folder);
		strbuf_addf(&folder, "%s/static", setup_answer(setup, SETUP_SHARE));
		set_setting(out, "prebind_mount", mount);
		set_setting(out, "prebind_socket", setup_answer(setup, SETUP_LISTEN));
		set_setting(out, "prebind_static", folder.data);
		replace_all(out, "/run/prebind/prebind.sock", setup_answer(setup, SETUP_LISTEN));
		replace_all(out, PREBIND_DATADIR "/static", folder.data);
		strbuf_clear(&folder);
		if (strncmp(kind->word, "lighttpd", 8) != 0 && !kind->no_proxy)
			replace_mount(out, mount);
		set_bosh(setup, out);
	}
	free(mount);
	return status == STATUS_OK && !strbuf_ok(out) ? error_no_memory(err) : status;
}

/* ---- the XMPP server ---- */

/* The code blocks in the XMPP server's document, for each answer to the question `auth`. */
static const struct xmpp_part {
	const char *server;
	const char *auth;
	const char *document;  /* path in the shared folder */
	const char *blocks[2]; /* the opening lines of the code blocks, without ``` */
	const char *comment;
} xmpp_parts[] = {
    {"prosody",  "token",    "docs/prosody.md",  {"lua bosh", "lua token"},      "--"},
    {"prosody",  "password", "docs/prosody.md",  {"lua bosh", "lua password"},   "--"},
    {"ejabberd", "jwt",      "docs/ejabberd.md", {"yaml bosh", "yaml jwt"},      "#" },
    {"ejabberd", "password", "docs/ejabberd.md", {"yaml bosh", "yaml password"}, "#" },
    {"tigase",   "tigase",   "docs/tigase.md",   {"groovy", NULL},               "//"},
};

/*
 * Copies the code block from the document to out. Returns false if the document has no such block.
 */
static bool block_add(const char *document, const char *block, struct strbuf *out)
{
	struct strbuf fence;

	strbuf_init(&fence);
	strbuf_addf(&fence, "```%s\n", block);
	const char *begin = strbuf_ok(&fence) ? strstr(document, fence.data) : NULL;
	if (begin != NULL)
		begin += fence.len;
	strbuf_clear(&fence);
	const char *end = begin != NULL ? strstr(begin, "```") : NULL;
	while (end != NULL && end > begin && end[-1] == ' ') /* the closing fence can be indented */
		end--;
	if (end != NULL)
		strbuf_add(out, begin, (size_t)(end - begin));
	return end != NULL;
}

static void set_server(const struct setup *setup, struct strbuf *out)
{
	struct http_url at = {0};
	char port[16];

	replace_all(out, "example.org", setup_answer(setup, SETUP_DOMAIN));
	if (http_url_read(setup_answer(setup, SETUP_XMPP), &at, NULL) == STATUS_OK) {
		snprintf(port, sizeof(port), "%ld", at.port);
		replace_all(out, "5280", port);
	}
	http_url_clear(&at);
}

enum status setup_xmpp_write(const struct setup *setup, struct strbuf *out, struct error *err)
{
	struct strbuf document;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sizeof(xmpp_parts) / sizeof(xmpp_parts[0]); i++) {
		const struct xmpp_part *part = &xmpp_parts[i];

		if (setup->xmpp_server == NULL || strcmp(part->server, setup->xmpp_server) != 0 ||
		    strcmp(part->auth, setup_answer(setup, SETUP_AUTH)) != 0)
			continue;
		strbuf_init(&document);
		status = shipped_read(setup, part->document, &document, err);
		for (size_t b = 0; b < 2 && status == STATUS_OK && part->blocks[b] != NULL; b++)
			if (!block_add(document.data, part->blocks[b], out))
				status = error_set(err, STATUS_INTERNAL,
						   "%s has no block `%s`; install prebind again",
						   part->document, part->blocks[b]);
		strbuf_clear(&document);
		break;
	}
	if (status == STATUS_OK)
		set_server(setup, out);
	return status;
}

/* ---- the commands for the remaining steps ---- */

#define START_DOCUMENT "docs/own-server.md"

/* True if prebind will use the Prosody on this machine, so that the commands can set it up. */
static bool has_prosody_here(const struct setup *setup)
{
	return setup->xmpp_server != NULL && strcmp(setup->xmpp_server, "prosody") == 0 &&
	       setup_answer_is(setup, SETUP_AUTH, "token") &&
	       access("/etc/prosody/prosody.cfg.lua", F_OK) == 0;
}

static void set_paths(const struct setup *setup, struct strbuf *out)
{
	struct strbuf shipped;

	strbuf_init(&shipped);
	strbuf_addf(&shipped, "/etc/prebind/%s.conf", setup_answer(setup, SETUP_WEB));
	replace_all(out, shipped.data, setup_answer(setup, SETUP_WEB_FILE));
	replace_all(out, "/etc/prebind/xmpp-server.conf", setup_answer(setup, SETUP_XMPP_FILE));
	replace_all(out, "/usr/share/prebind", setup_answer(setup, SETUP_SHARE));
	out->failed |= shipped.failed;
	strbuf_clear(&shipped);
}

enum status setup_start_write(const struct setup *setup, struct strbuf *out, struct error *err)
{
	const struct web_kind *kind = web_kind(setup);
	struct strbuf document, block;

	/* the commands fit only the configuration file that the systemd units use */
	if (strcmp(setup->conf, PREBIND_SYSCONFDIR "/prebind.conf") != 0 || geteuid() != 0 ||
	    access("/run/systemd/system", F_OK) != 0 || kind->here == NULL ||
	    access(kind->here, F_OK) != 0)
		return STATUS_OK;
	strbuf_init(&document);
	strbuf_init(&block);
	enum status status = shipped_read(setup, START_DOCUMENT, &document, err);
	strbuf_addf(&block, "sh %s", kind->word);
	if (status == STATUS_OK) {
		strbuf_adds(out, "set -eux\n");
		bool ours = !has_prosody_here(setup) || block_add(document.data, "sh prosody", out);
		if (!ours || !block_add(document.data, block.data, out))
			strbuf_reset(out); /* no commands for nginx; see docs/nginx.md */
		set_paths(setup, out);
	}
	strbuf_clear(&document);
	strbuf_clear(&block);
	return status;
}
