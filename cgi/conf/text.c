/*
 * The rules for values that are strings: paths, URLs, host names, keys, the JID rule, the resource.
 * The rules refuse characters that could break the place where the value is used (a header, a URL,
 * XML). The rules do not check whether the path or host exists.
 */
#include "conf/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/codec.h"
#include "conf/cookie_name.h"
#include "conf/placeholder.h"

#define BLANKS "\t "
#define DIGITS "0123456789"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#define PIN_PREFIX "sha256//"
#define PIN_DIGITS 43 /* base64 digits for 32 bytes; a "=" follows these digits */

#define HOST_MAX 253   /* bytes of a DNS name (RFC 1035 2.3.4), without the length bytes */
#define PORT_MAX 65535 /* 16 bits */

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_printable_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text > '~')
			return false;
	}
	return true;
}

const char *text_word_check(const char *text)
{
	return text[strcspn(text, BLANKS)] == '\0' ? NULL : "has a space in it";
}

const char *text_path_check(const char *text)
{
	return text[0] == '/' ? NULL : "does not begin with /";
}

const char *text_realm_check(const char *text)
{
	const char *slash = strchr(text, '\\');

	if (strchr(text, '@') != NULL)
		return "has an @ in it; write only the realm";
	if (slash != NULL && (slash == text || slash[1] != '=' || slash[2] == '\0' ||
			      strpbrk(slash + 2, "\\=") != NULL))
		return "is not PREFIX\\=REALM, such as CORP\\=EXAMPLE.ORG";
	if (slash == NULL && strchr(text, '=') != NULL)
		return "has an = without a \\ before it; write PREFIX\\=REALM";
	return text_word_check(text);
}

const char *text_cookie_check(const char *text)
{
	if (text[strspn(text, LOWER UPPER DIGITS "!#$%&'*+-.^_`|~")] != '\0')
		return "has a character that a cookie's name must not have";
	return NULL;
}

/*
 * Checks the base name of our cookies. The names of our other cookies are this name and an ending.
 * A name that begins with __ is refused, because browsers treat the prefix __Host- specially.
 */
const char *text_session_cookie_check(const char *text)
{
	if (text[strspn(text, LOWER UPPER DIGITS "-_")] != '\0')
		return "has a character other than letters, digits, - and _";
	if (starts_with(text, "__"))
		return "begins with __; prebind itself adds the prefix __Host-";
	return cookie_name_is_ambiguous(text) ? "has an ending that prebind uses for its other "
						"cookies"
					      : NULL;
}

const char *text_keys_check(const char *text)
{
	if (text[0] == '.' || text[strlen(text) - 1] == '.' || strstr(text, "..") != NULL)
		return "has an empty part";
	if (text_has_control(text) || strchr(text, '|') != NULL)
		return "has a | or a control character in it";
	return NULL;
}

/*
 * Returns the length of a number and the ';' after it. Returns 0 if the text does not begin with a
 * number and ';'. The number has 1 to `digits` characters of `set`.
 */
static size_t sessions_part(const char *text, const char *set, size_t digits)
{
	size_t len = strspn(text, set);
	return len > 0 && len <= digits && text[len] == ';' ? len + 1 : 0;
}

const char *text_sessions_check(const char *text)
{
	size_t levels = sessions_part(text, DIGITS, 1);
	text += levels;
	if (levels > 0)
		text += sessions_part(text, "01234567", 4);
	return text[0] == '/' ? NULL : "is not a folder, or N;/FOLDER with at most 9 levels";
}

const char *text_log_check(const char *text)
{
	if (strcmp(text, "stderr") == 0 || strcmp(text, "syslog") == 0)
		return NULL;
	return text_path_check(text);
}

/* Returns the text after "http://" or "https://". Returns NULL if the text begins with neither. */
static const char *url_rest(const char *text)
{
	if (starts_with(text, "https://"))
		return text + strlen("https://");
	if (starts_with(text, "http://"))
		return text + strlen("http://");
	return NULL;
}

/*
 * Returns the length of the host at the start of text, or 0 if there is none. An IPv6 address is
 * counted with its brackets.
 */
static size_t host_span(const char *text)
{
	if (text[0] != '[')
		return strspn(text, LOWER UPPER DIGITS "-._");
	size_t inside = strspn(text + 1, DIGITS "abcdefABCDEF:.");
	return inside > 0 && text[1 + inside] == ']' ? inside + 2 : 0;
}

/* Checks the "HOST[:PORT]" at the start of the text, before the path. */
static const char *authority_check(const char *text)
{
	size_t len = strcspn(text, "/?#");
	if (memchr(text, '@', len) != NULL)
		return "contains a user name; remove user name and password from the URL";
	size_t host = host_span(text);
	if (host == 0 || (host < len && text[host] != ':'))
		return "has no valid host";
	if (host == len)
		return NULL;

	size_t digits = strspn(text + host + 1, DIGITS);
	long port = strtol(text + host + 1, NULL, 10);
	if (digits == 0 || host + 1 + digits != len || port < 1 || port > PORT_MAX)
		return "has no valid port";
	return NULL;
}

const char *text_url_check(const char *text)
{
	const char *rest = url_rest(text);
	if (rest == NULL)
		return "does not begin with http:// or https://";
	if (!is_printable_ascii(text) || strpbrk(text, "\"'<>\\`") != NULL)
		return "has a space, a quote or another character that a URL must not have";
	if (strpbrk(text, "?#") != NULL)
		return "has a query or a fragment";
	return authority_check(rest);
}

const char *text_origin_check(const char *text)
{
	const char *rest = url_rest(text);
	if (rest != NULL && strchr(rest, '/') != NULL)
		return "has a path, but an origin ends with the host or port";
	if (text[strcspn(text, UPPER)] != '\0')
		return "has capital letters";
	return text_url_check(text);
}

const char *text_link_check(const char *text)
{
	const char *rest = url_rest(text);
	if (rest == NULL && text[0] != '/')
		return "begins neither with / nor with http:// or https://";
	if (rest == NULL && text[1] == '/')
		return "begins with //, which leads to another host";
	if (!is_printable_ascii(text) || strpbrk(text, "\"'<>\\`") != NULL)
		return "has a space, a quote or another character that a URL must not have";
	return rest == NULL ? NULL : authority_check(rest);
}

/* Checks the URL after replacing the placeholder with a host name. */
const char *text_bosh_url_check(const char *text)
{
	struct strbuf filled;
	const char *reason;

	if (strpbrk(text, ";,") != NULL)
		return "contains ; or a comma, which would end the URL in a "
		       "Content-Security-Policy";
	strbuf_init(&filled);
	placeholder_fill(text, PLACEHOLDER_HOSTNAME, "host", &filled);
	if (!strbuf_ok(&filled))
		reason = TEXT_NO_MEMORY;
	else if (strpbrk(filled.data, "{}") != NULL)
		reason = "has more than one " PLACEHOLDER_HOSTNAME ", or another { or }";
	else
		reason = text_link_check(filled.data);
	strbuf_clear(&filled);
	return reason;
}

const char *text_net_check(const char *text)
{
	struct address_net net;

	return address_net_parse(text, &net, NULL) == STATUS_OK
		   ? NULL
		   : "is not an IP address, or not the first address of a network";
}

const char *text_mount_check(const char *text)
{
	if (text[0] != '/')
		return "does not begin with /";
	if (text[1] == '\0')
		return NULL;
	if (text[strlen(text) - 1] == '/')
		return "ends with /";
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x80 && strchr(LOWER UPPER DIGITS "-._~/", *c) == NULL)
			return "has a character other than letters, digits and - . _ ~ /";
	}
	if (strstr(text, "//") != NULL || strstr(text, "/./") != NULL ||
	    strstr(text, "/../") != NULL)
		return "has an empty part, or . or .. as a part";
	const char *last = strrchr(text, '/');
	if (strcmp(last, "/.") == 0 || strcmp(last, "/..") == 0)
		return "has an empty part, or . or .. as a part";
	return NULL;
}

const char *text_jid_rule_check(const char *text)
{
	struct jid_rule rule;

	return jid_rule_read(text, &rule);
}

const char *text_resource_check(const char *text)
{
	if (text_has_control(text) || text_has_markup(text))
		return "contains one of & < > \" ' or a control character";

	const char *open = strchr(text, '{');
	if (open == NULL)
		return strchr(text, '}') == NULL ? NULL : "has a } without its {";
	if (!starts_with(open, PLACEHOLDER_RANDOM))
		return "has a placeholder other than " PLACEHOLDER_RANDOM;
	if (strpbrk(open + strlen(PLACEHOLDER_RANDOM), "{}") != NULL)
		return "has more than one placeholder";
	return memchr(text, '}', (size_t)(open - text)) == NULL ? NULL : "has a } without its {";
}

const char *text_host_check(const char *text)
{
	size_t len = strlen(text);
	if (text[0] == '[') {
		size_t inside = strspn(text + 1, DIGITS "abcdef:.");
		if (inside == 0 || text[1 + inside] != ']')
			return "is not an IPv6 address";
		if (text[inside + 2] == ':')
			return "has a port; remove the port";
		return text[inside + 2] == '\0' ? NULL : "is not an IPv6 address";
	}
	if (strchr(text, ':') != NULL)
		return "has a port; remove the port";
	if (text[strspn(text, LOWER DIGITS "-._")] != '\0')
		return "is not a host name (write letters beyond ASCII in the xn-- form)";
	if (len > HOST_MAX || text[0] == '.' || text[len - 1] == '.' || strstr(text, "..") != NULL)
		return "is too long or has an empty part";
	return NULL;
}

const char *text_node_check(const char *text)
{
	const char *public = strchr(text, '=');
	char *name;
	const char *reason;

	if (public == NULL)
		return text_host_check(text);
	if (public == text || public[1] == '\0')
		return "has no name before or after the =";
	name = strndup(text, (size_t)(public - text));
	reason = name == NULL ? TEXT_NO_MEMORY : text_host_check(name);
	free(name);
	return reason != NULL ? reason : text_host_check(public + 1);
}

const char *text_pin_check(const char *text)
{
	if (!starts_with(text, PIN_PREFIX))
		return "does not begin with " PIN_PREFIX;
	text += strlen(PIN_PREFIX);
	if (strspn(text, LOWER UPPER DIGITS "+/") != PIN_DIGITS ||
	    strcmp(text + PIN_DIGITS, "=") != 0)
		return "is not the SHA-256 of a public key in base64";
	return NULL;
}
