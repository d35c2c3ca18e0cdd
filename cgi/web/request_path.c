/*
 * Finds the mount point, the path that was requested below it, and the address that a visitor goes
 * to after the login. Nothing is normalized: an ambiguous path is refused.
 */
#include "web/request_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/codec.h"

#define NEXT_MAX 512 /* bytes; a longer address is ignored */

/* True for "." and "..", even if the dots are percent-encoded. The segment has len bytes. */
static bool segment_is_dots(const char *segment, size_t len)
{
	size_t dots = 0;

	for (size_t i = 0; i < len; dots++) {
		if (segment[i] == '.')
			i++;
		else if (len - i >= 3 && strncasecmp(segment + i, "%2e", 3) == 0)
			i += 3;
		else
			return false;
	}
	return dots == 1 || dots == 2;
}

/* True if the first len bytes begin with a slash and have no "//" and no segment "." or "..". */
static bool segments_are_plain(const char *path, size_t len)
{
	size_t start = 0;

	if (len == 0 || path[0] != '/')
		return false;
	while (start < len) {
		const char *segment = path + start + 1;
		const char *slash = memchr(segment, '/', len - start - 1);
		size_t size = slash != NULL ? (size_t)(slash - segment) : len - start - 1;

		if ((size == 0 && slash != NULL) || segment_is_dots(segment, size))
			return false;
		start += 1 + size;
	}
	return true;
}

static bool path_is_plain(const char *path)
{
	return segments_are_plain(path, strlen(path)) && strchr(path, '\\') == NULL &&
	       !text_has_control(path) && utf8_valid(path, strlen(path));
}

/* Returns the part of path below base ("" or "/…"), or NULL if path is not below base. */
static const char *path_below(const char *path, const char *base)
{
	size_t len = strlen(base);

	if (strncmp(path, base, len) != 0 || (path[len] != '\0' && path[len] != '/'))
		return NULL;
	return path + len;
}

static bool ends_in_slash(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && text[len - 1] == '/';
}

/*
 * Joins SCRIPT_NAME and PATH_INFO. If both contain the slash between them, as with some servers,
 * writes it only once.
 */
static void join_path(const struct request *req, struct strbuf *out)
{
	const char *info = req->path_info != NULL ? req->path_info : "";

	strbuf_adds(out, req->script_name);
	strbuf_adds(out, info + (info[0] == '/' && ends_in_slash(req->script_name)));
}

/*
 * True if the path that the client sent (REQUEST_URI) consists of base_path and PATH_INFO. This is
 * the case if the server rewrites /chat to /cgi-bin/prebind.cgi.
 */
static bool uri_confirms(const struct request *req, const char *base_path)
{
	size_t len = req->uri != NULL ? strcspn(req->uri, "?#") : 0;
	struct strbuf uri, expected;
	bool same;

	strbuf_init(&uri);
	strbuf_init(&expected);
	strbuf_adds(&expected, base_path);
	strbuf_adds(&expected, req->path_info != NULL ? req->path_info : "");
	same = len > 0 && codec_percent_decode(&uri, req->uri, len, false) == STATUS_OK &&
	       strbuf_ok(&uri) && strbuf_ok(&expected) && strcmp(uri.data, expected.data) == 0;
	strbuf_clear(&uri);
	strbuf_clear(&expected);
	return same;
}

static enum status mount_configured(struct request *req, const char *base_path, struct error *err)
{
	/* path_below accepts every path if base_path is the root, so uri_confirms is tried first */
	bool is_root = base_path[0] == '\0';
	const char *path = is_root ? NULL : path_below(req->whole, base_path);

	if (path == NULL && uri_confirms(req, base_path))
		path = req->path_info != NULL ? req->path_info : "";
	if (path == NULL)
		path = path_below(req->whole, base_path);
	if (path == NULL)
		return error_set(
		    err, STATUS_NOT_FOUND,
		    "the web server sent the path '%.200s', which is not below base_path '%s'; set "
		    "base_path to the path where the web server mounts prebind",
		    req->whole, base_path);
	req->base = base_path;
	req->path = path;
	return STATUS_OK;
}

/*
 * A web server should split the path into SCRIPT_NAME and PATH_INFO. If the mount point itself is
 * requested, PATH_INFO is then absent or empty. A server that does not split the path always leaves
 * PATH_INFO out. With such a server, "/chat/login" would seem to be a mount point, and the visitor
 * would be redirected to "/chat/login/". The request for "/chat/login/" is refused, because a mount
 * point never ends in a slash.
 */
static enum status mount_given(struct request *req, struct error *err)
{
	size_t len = strlen(req->script_name);

	if (req->path_info == NULL && (len == 0 || ends_in_slash(req->script_name)))
		return error_set(
		    err, STATUS_INTERNAL,
		    "the web server sends SCRIPT_NAME '%.200s' without PATH_INFO; set base_path "
		    "in [site] to the path where this program is mounted",
		    req->script_name);
	if (ends_in_slash(req->script_name))
		len--;
	req->given_base = strndup(req->script_name, len);
	if (req->given_base == NULL)
		return error_no_memory(err);
	req->base = req->given_base;
	req->path = req->whole + len;
	return STATUS_OK;
}

static enum status whole_set(struct request *req, struct error *err)
{
	struct strbuf whole;
	enum status status = STATUS_OK;

	strbuf_init(&whole);
	join_path(req, &whole);
	if (!strbuf_ok(&whole))
		status = error_no_memory(err);
	else if (whole.len > 0 && !path_is_plain(whole.data))
		status = error_set(
		    err, STATUS_BAD_REQUEST,
		    "the path contains '//', '..', a backslash or bytes that are not text");
	if (status == STATUS_OK) {
		free(req->whole);
		req->whole = strbuf_take(&whole);
		if (req->whole == NULL)
			status = error_no_memory(err);
	}
	strbuf_clear(&whole);
	return status;
}

enum status request_mount(struct request *req, const char *base_path, bool set, struct error *err)
{
	enum status status = whole_set(req, err);

	if (status == STATUS_OK && set)
		status = mount_configured(req, base_path, err);
	else if (status == STATUS_OK)
		status = mount_given(req, err);
	/* If we are mounted at the root, "" and "/" are the same address. */
	if (status == STATUS_OK && req->base[0] == '\0' && req->path[0] == '\0')
		req->path = "/";
	return status;
}

/*
 * True if every escape is complete, and none encodes a control character or a backslash. The path
 * must also have no escaped slash, and the query no two escaped slashes in a row.
 */
static bool escapes_are_harmless(const char *text, size_t path_len)
{
	for (size_t i = 0; text[i]; i++) {
		if (text[i] != '%')
			continue;
		if (!isxdigit((unsigned char)text[i + 1]) || !isxdigit((unsigned char)text[i + 2]))
			return false;
		if (text[i + 1] < '2' || strncasecmp(text + i, "%5c", 3) == 0 ||
		    strncasecmp(text + i, "%7f", 3) == 0)
			return false;
		/* our own paths have no %2f; a query can contain a slash without escaping it */
		if (strncasecmp(text + i, "%2f", 3) == 0 &&
		    (i < path_len || strncasecmp(text + i + 3, "%2f", 3) == 0))
			return false;
	}
	return true;
}

/*
 * True if `next` is a path of ours, as request_next describes it. base is percent-encoded, like
 * `next`.
 */
static bool next_is_ours(const char *base, const char *next)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "._~!$&'()*+,;=:@%/-";
	size_t path_len = strspn(next, allowed);
	size_t base_len = strlen(base);

	if (strlen(next) > NEXT_MAX || !segments_are_plain(next, path_len))
		return false;
	if (next[path_len] == '?') {
		const char *query = next + path_len + 1;
		size_t len = 0;

		while (query[len] && (query[len] == '?' || strchr(allowed, query[len]) != NULL))
			len++;
		if (query[len])
			return false;
	} else if (next[path_len]) {
		return false;
	}
	if (!escapes_are_harmless(next, path_len))
		return false;
	return strncmp(next, base, base_len) == 0 &&
	       (next[base_len] == '/' || (base_len > 0 && base_len == path_len));
}

char *request_next(const struct request *req, const char *next)
{
	struct strbuf home;
	char *taken = NULL;

	strbuf_init(&home);
	codec_percent_path(&home, req->base);
	if (strbuf_ok(&home) && next != NULL && next_is_ours(home.data, next)) {
		taken = strdup(next);
	} else {
		strbuf_addc(&home, '/');
		taken = strbuf_take(&home);
	}
	strbuf_clear(&home);
	return taken;
}
