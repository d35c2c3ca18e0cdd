/*
 * Reads the part of PHP's grammar that wp-config.php needs: comments, words, variables and strings.
 */
#include "identity/wordpress_config.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/strbuf.h"

#define SAMPLE "put your unique phrase here" /* the placeholder value in wp-config-sample.php */

static const char *const names[WORDPRESS_N_NAMES] = {
    [WORDPRESS_AUTH_KEY] = "AUTH_KEY",
    [WORDPRESS_AUTH_SALT] = "AUTH_SALT",
    [WORDPRESS_SECURE_AUTH_KEY] = "SECURE_AUTH_KEY",
    [WORDPRESS_SECURE_AUTH_SALT] = "SECURE_AUTH_SALT",
    [WORDPRESS_LOGGED_IN_KEY] = "LOGGED_IN_KEY",
    [WORDPRESS_LOGGED_IN_SALT] = "LOGGED_IN_SALT",
    [WORDPRESS_NONCE_KEY] = "NONCE_KEY",
    [WORDPRESS_NONCE_SALT] = "NONCE_SALT",
    [WORDPRESS_SECRET_KEY] = "SECRET_KEY",
    [WORDPRESS_SECRET_SALT] = "SECRET_SALT",
    [WORDPRESS_COOKIEHASH] = "COOKIEHASH",
    [WORDPRESS_LOGGED_IN_COOKIE] = "LOGGED_IN_COOKIE",
    [WORDPRESS_SITEURL] = "WP_SITEURL",
    [WORDPRESS_MULTISITE] = "MULTISITE",
    [WORDPRESS_TABLE_PREFIX] = "$table_prefix",
};

const char *wordpress_name_text(enum wordpress_name name)
{
	return names[name];
}

void wordpress_config_clear(struct wordpress_config *config)
{
	for (size_t i = 0; i < WORDPRESS_N_NAMES; i++)
		secret_free(config->values[i]);
	*config = (struct wordpress_config){0};
}

/* ---- tokens ---- */

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_VARIABLE, TOKEN_TEXT, TOKEN_OTHER };

struct lexer {
	const char *at;
	enum token_kind kind; /* kind of the last token */
	/* the word, the variable with its $, or the decoded string; wiped before it is freed */
	struct strbuf text;
	bool no_memory;
	/* the string has a variable, or an escape that this lexer does not decode */
	bool is_computed;
};

static bool skip_past(const char **at, const char *mark)
{
	const char *found = strstr(*at, mark);

	*at = found != NULL ? found + strlen(mark) : *at + strlen(*at);
	return true;
}

/* Skips a comment or one whitespace character. Returns false if there is neither. */
static bool skip_one(const char **at)
{
	if (isspace((unsigned char)**at))
		return (*at)++, true;
	if (strncmp(*at, "/*", 2) == 0)
		return *at += 2, skip_past(at, "*/");
	if (strncmp(*at, "//", 2) == 0 || (**at == '#' && (*at)[1] != '['))
		return *at += strcspn(*at, "\r\n"), true;
	return false;
}

/*
 * Reads a string and decodes its escapes: \' and \\ in single quotes; \", \$ and \\ in double
 * quotes.
 */
static void read_text(struct lexer *lexer)
{
	char quote = *lexer->at++;
	const char *escapes = quote == '\'' ? "'\\" : "\"\\$";

	lexer->kind = TOKEN_TEXT;
	for (; *lexer->at != '\0' && *lexer->at != quote; lexer->at++) {
		if (*lexer->at == '\\' && lexer->at[1] != '\0' &&
		    strchr(escapes, lexer->at[1]) != NULL)
			lexer->at++;
		else if (quote == '"' && strchr("\\$", *lexer->at) != NULL)
			lexer->is_computed = true;
		strbuf_addc(&lexer->text, *lexer->at);
	}
	if (*lexer->at == quote)
		lexer->at++;
	else
		lexer->kind = TOKEN_END;
}

static void read_word(struct lexer *lexer)
{
	lexer->kind = *lexer->at == '$' ? TOKEN_VARIABLE : TOKEN_WORD;
	do
		strbuf_addc(&lexer->text, *lexer->at++);
	while (isalnum((unsigned char)*lexer->at) || *lexer->at == '_');
}

static enum token_kind next(struct lexer *lexer)
{
	lexer->no_memory |= !strbuf_ok(&lexer->text);
	strbuf_reset(&lexer->text);
	lexer->is_computed = false;
	while (skip_one(&lexer->at))
		continue;
	if (*lexer->at == '\0') {
		lexer->kind = TOKEN_END;
	} else if (*lexer->at == '\'' || *lexer->at == '"') {
		read_text(lexer);
	} else if (isalpha((unsigned char)*lexer->at) || *lexer->at == '_' || *lexer->at == '$') {
		read_word(lexer);
	} else {
		lexer->kind = TOKEN_OTHER;
		strbuf_addc(&lexer->text, *lexer->at++);
	}
	return lexer->kind;
}

static bool next_is(struct lexer *lexer, const char *mark)
{
	return next(lexer) == TOKEN_OTHER && strcmp(lexer->text.data, mark) == 0;
}

/* ---- definitions ---- */

static bool name_find(const char *text, size_t *out)
{
	for (size_t i = 0; i < WORDPRESS_N_NAMES; i++)
		if (strcmp(names[i], text) == 0) {
			*out = i;
			return true;
		}
	return false;
}

/* Reads a value and the marker after it. As in PHP, only the first definition of a name is used. */
static bool read_value(struct lexer *lexer, const char *mark, size_t name,
		       struct wordpress_config *out)
{
	char *value = NULL;

	next(lexer);
	bool is_true = lexer->kind == TOKEN_WORD && strcasecmp(lexer->text.data, "true") == 0;
	bool is_text = lexer->kind == TOKEN_TEXT && !lexer->is_computed;
	if (is_text || is_true) {
		value = strdup(lexer->text.data);
		if (value == NULL)
			return false;
	}
	bool is_whole = next_is(lexer, mark);
	if (out->values[name] != NULL || out->is_computed[name] || value == NULL || !is_whole) {
		secret_free(value);
		out->is_computed[name] |= out->values[name] == NULL;
	} else {
		out->values[name] = value;
	}
	return true;
}

/* Reads define('NAME', VALUE) or $NAME = VALUE. Returns false if out of memory. */
static bool read_definition(struct lexer *lexer, struct wordpress_config *out)
{
	size_t name;

	if (lexer->kind == TOKEN_VARIABLE && name_find(lexer->text.data, &name))
		return !next_is(lexer, "=") || *lexer->at == '=' ||
		       read_value(lexer, ";", name, out);
	if (lexer->kind != TOKEN_WORD || strcasecmp(lexer->text.data, "define") != 0)
		return true;
	if (!next_is(lexer, "(") || next(lexer) != TOKEN_TEXT ||
	    !name_find(lexer->text.data, &name))
		return true;
	return !next_is(lexer, ",") || read_value(lexer, ")", name, out);
}

/* Removes slashes from the end of the address, as WordPress does. */
static void cut_slashes(char *address)
{
	size_t len = strlen(address);

	while (len > 0 && address[len - 1] == '/')
		address[--len] = '\0';
}

enum status wordpress_config_read(const char *text, struct wordpress_config *out, struct error *err)
{
	struct wordpress_config config = {0};
	struct lexer lexer = {.at = strstr(text, "<?")};
	bool ok = true;

	if (lexer.at == NULL)
		return error_set(err, STATUS_BAD_REQUEST,
				 "the file contains no <?php, so it is not a PHP file");
	strbuf_init_secret(&lexer.text);
	while (ok && next(&lexer) != TOKEN_END)
		ok = read_definition(&lexer, &config);
	ok = ok && !lexer.no_memory;
	if (config.values[WORDPRESS_SITEURL] != NULL)
		cut_slashes(config.values[WORDPRESS_SITEURL]);
	strbuf_clear(&lexer.text);
	if (ok)
		*out = config;
	else
		wordpress_config_clear(&config);
	return ok ? STATUS_OK : error_no_memory(err);
}

/* ---- which key is used ---- */

static bool is_unique(const struct wordpress_config *config, const char *value)
{
	int count = 0;

	for (size_t i = 0; i < WORDPRESS_N_KEYS; i++)
		count += config->values[i] != NULL && strcmp(config->values[i], value) == 0;
	return count == 1 && strcmp(value, SAMPLE) != 0;
}

const char *wordpress_config_key(const struct wordpress_config *config, enum wordpress_name name)
{
	const enum wordpress_name order[] = {name, WORDPRESS_SECRET_KEY};
	/*
	 * SECRET_KEY can replace the key, but no other value can replace the salt, because
	 * SECRET_SALT is for a different cookie
	 */
	size_t n = name == WORDPRESS_LOGGED_IN_KEY ? 2 : 1;

	for (size_t i = 0; i < n; i++) {
		const char *value = config->values[order[i]];

		if (value != NULL && value[0] != '\0' && is_unique(config, value))
			return value;
	}
	return NULL;
}
