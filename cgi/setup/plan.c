/*
 * The plan of setup: makes the list of files to write from the answers. Setup can run again. Setup
 * does not write files that would not change, and never replaces files that somebody else wrote.
 */
#include "setup/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/secret.h"
#include "conf/shipped.h"

#define START_COMMANDS "commands"

bool setup_answer_is(const struct setup *setup, enum setup_name name, const char *word)
{
	return strcmp(setup_answer(setup, name), word) == 0;
}

char *setup_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? strdup(".")
			     : strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

enum status setup_begin(struct setup *setup, const char *file, struct error *err)
{
	if (file[0] != '/')
		return error_set(err, STATUS_BAD_REQUEST,
				 "%s: give the absolute path of the new file", file);
	setup->conf = strdup(file);
	setup->folder = setup_folder_of(file);
	return setup->conf != NULL && setup->folder != NULL ? STATUS_OK : error_no_memory(err);
}

/* ---- the list of files ---- */

static enum status add_folder(struct setup *setup, const char *file, struct setup_file what,
			      struct error *err)
{
	char *folder = setup_folder_of(file);
	enum status status = folder == NULL ? error_no_memory(err) : STATUS_OK;

	what.kind = SETUP_FOLDER;
	if (status == STATUS_OK && access(folder, F_OK) != 0)
		status = setup_file_add(setup, &what, folder, NULL, err);
	free(folder);
	return status;
}

static enum status add_folders(struct setup *setup, struct error *err)
{
	enum status status = add_folder(
	    setup, setup->conf, (struct setup_file){.mode = 0755, .what = "configuration"}, err);

	if (status == STATUS_OK)
		status = add_folder(
		    setup, setup_answer(setup, SETUP_DATABASE),
		    (struct setup_file){.mode = 0750, .is_service = true, .what = "database"}, err);
	if (status == STATUS_OK && setup_web_has_socket(setup))
		status = add_folder(
		    setup, setup_answer(setup, SETUP_LISTEN),
		    (struct setup_file){
			.mode = 02750, .is_service = true, .is_web = true, .what = "socket"},
		    err);
	return status;
}

/* Adds a file with a secret, which is a single line. */
static enum status add_secret(struct setup *setup, const char *name, const char *value,
			      struct error *err)
{
	const struct setup_file file = {
	    .kind = SETUP_SECRET, .mode = 0600, .is_service = true, .what = "secret"};
	struct strbuf path, content;

	strbuf_init(&path);
	strbuf_init_secret(&content);
	if (text_has_control(value))
		return error_set(
		    err, STATUS_BAD_REQUEST,
		    "the secret for %s contains a control character; write the file by hand", name);
	strbuf_addf(&path, "%s/%s", setup->folder, name);
	strbuf_addf(&content, "%s\n", value);
	enum status status = strbuf_ok(&path)
				 ? setup_file_add(setup, &file, path.data, &content, err)
				 : error_no_memory(err);
	strbuf_clear(&path);
	strbuf_clear(&content);
	return status;
}

static enum status add_key(struct setup *setup, struct error *err)
{
	unsigned char key[SECRET_KEY_LEN];
	char text[CODEC_BASE64URL_LEN(SECRET_KEY_LEN) + 1];

	secret_random(key, sizeof(key));
	codec_base64url_text(text, key, sizeof(key));
	enum status status = add_secret(setup, "bosh.key", text, err);
	secret_wipe(key, sizeof(key));
	secret_wipe(text, sizeof(text));
	return status;
}

/*
 * Adds the file with the password of tigase_user. If the file does not exist, the password must
 * have been given, or a person must type it.
 */
static enum status add_tigase_password(struct setup *setup, struct error *err)
{
	struct strbuf path;

	strbuf_init(&path);
	strbuf_addf(&path, "%s/tigase.password", setup->folder);
	bool there = strbuf_ok(&path) && access(path.data, F_OK) == 0;
	enum status status = STATUS_OK;
	if (!there && setup->tigase_password == NULL && setup->ask_secret == NULL)
		status = error_set(err, STATUS_NOT_FOUND,
				   "%s: put the password of tigase_user into this file first (mode "
				   "0600)",
				   path.data);
	else if (!there && setup->tigase_password == NULL)
		status = setup->ask_secret("Password of tigase_user", &setup->tigase_password, err);
	if (status == STATUS_OK)
		status =
		    add_secret(setup, "tigase.password",
			       setup->tigase_password != NULL ? setup->tigase_password : "", err);
	strbuf_clear(&path);
	return status;
}

/* Sets a key to the path of a file in the configuration's folder. */
static enum status key_to_file(struct setup *setup, const char *key, const char *name,
			       struct error *err)
{
	struct strbuf path;

	strbuf_init(&path);
	strbuf_addf(&path, "%s/%s", setup->folder, name);
	enum status status =
	    strbuf_ok(&path) ? setup_key_set(setup, key, path.data) : STATUS_INTERNAL;
	strbuf_clear(&path);
	return status == STATUS_OK ? STATUS_OK : error_no_memory(err);
}

static enum status add_secrets(struct setup *setup, struct error *err)
{
	bool session = setup_answer_is(setup, SETUP_LOGIN, PROVIDER_SITE_SESSION);
	enum status status = STATUS_OK;

	if (setup_answer_is(setup, SETUP_AUTH, "token") ||
	    setup_answer_is(setup, SETUP_AUTH, "jwt"))
		status = add_key(setup, err);
	if (setup_answer_is(setup, SETUP_AUTH, "tigase"))
		status = add_tigase_password(setup, err);
	if (status == STATUS_OK && session && setup->db_password != NULL) {
		status = add_secret(setup, "site.password", setup->db_password, err);
		if (status == STATUS_OK)
			status =
			    key_to_file(setup, "site_database_password_file", "site.password", err);
	}
	if (status == STATUS_OK && session && setup->secret != NULL) {
		status = add_secret(setup, "site.secret", setup->secret, err);
		if (status == STATUS_OK)
			status = key_to_file(setup, "site_secret_file", "site.secret", err);
	}
	return status;
}

static enum status add_text(struct setup *setup, const char *path, struct strbuf *content,
			    struct setup_file what, struct error *err)
{
	what.kind = SETUP_TEXT;
	what.mode = 0644;
	enum status status = setup_file_add(setup, &what, path, content, err);
	strbuf_clear(content);
	return status;
}

/*
 * If the prefix of the site's tables is not that of the installed query, adds a copy with the
 * site's prefix.
 */
static enum status add_query(struct setup *setup, struct error *err)
{
	const char *shipped = setup_key_get(setup, "site_query");
	struct file_found found;
	struct strbuf text, copy, path;

	if (!setup_prefix_is_other(setup) || shipped == NULL)
		return STATUS_OK;
	strbuf_init(&text);
	strbuf_init(&copy);
	strbuf_init(&path);
	strbuf_addf(&path, "%s/site.sql", setup->folder);
	enum status status = STATUS_OK;
	if (file_read(shipped, FILE_BY_GROUP, 65536, &text, &found) != FILE_OK)
		status = error_set(err, STATUS_NOT_FOUND, "%s cannot be read", shipped);
	setup_prefix_write(setup, text.data, &copy);
	if (status == STATUS_OK)
		status = add_text(setup, path.data, &copy,
				  (struct setup_file){.comment = "--", .what = "query"}, err);
	if (status == STATUS_OK)
		status = key_to_file(setup, "site_query", "site.sql", err);
	strbuf_clear(&text);
	strbuf_clear(&copy);
	strbuf_clear(&path);
	return status;
}

/* Loads the configuration before anything is written. If a value is wrong, err names its key. */
static enum status try_conf(const struct strbuf *text, struct error *err)
{
	char path[64];
	struct conf *conf = NULL;
	struct error why = {0};
	int fd = memfd_create("prebind.conf", MFD_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || fchmod(fd, 0600) != 0 || !file_write(fd, text->data, text->len)) {
		if (fd >= 0)
			close(fd);
		return error_set(err, STATUS_INTERNAL, "the configuration cannot be checked: %m");
	}
	enum status status = conf_load(path, &conf, &why);
	conf_free(conf);
	close(fd);
	const char *key = strstr(why.text, ": ");
	if (status == STATUS_OK)
		return status;
	return error_set(err, status, "these answers do not make a valid configuration: %s",
			 key != NULL ? key + 2 : why.text);
}

static enum status add_conf(struct setup *setup, struct error *err)
{
	struct strbuf text;

	strbuf_init(&text);
	setup_conf_write(setup, &text);
	enum status status = strbuf_ok(&text) ? try_conf(&text, err) : error_no_memory(err);
	if (status == STATUS_OK)
		status =
		    add_text(setup, setup->conf, &text,
			     (struct setup_file){.comment = ";", .what = "configuration"}, err);
	strbuf_clear(&text);
	return status;
}

static enum status add_parts(struct setup *setup, struct error *err)
{
	struct strbuf text;

	strbuf_init(&text);
	enum status status = setup_web_write(setup, &text, err);
	if (status == STATUS_OK && text.len > 0)
		status = add_text(setup, setup_answer(setup, SETUP_WEB_FILE), &text,
				  (struct setup_file){.comment = "#", .what = "web server"}, err);
	strbuf_reset(&text);
	if (status == STATUS_OK)
		status = setup_xmpp_write(setup, &text, err);
	if (status == STATUS_OK && text.len > 0)
		status = add_text(setup, setup_answer(setup, SETUP_XMPP_FILE), &text,
				  (struct setup_file){
				      .comment = strcmp(setup->xmpp_server, "prosody") == 0  ? "--"
						 : strcmp(setup->xmpp_server, "tigase") == 0 ? "//"
											     : "#",
				      .what = "XMPP server"},
				  err);
	strbuf_clear(&text);
	return status;
}

static enum status add_start(struct setup *setup, struct error *err)
{
	struct strbuf text, path;

	strbuf_init(&text);
	strbuf_init(&path);
	strbuf_addf(&path, "%s/" SETUP_START, setup->folder);
	enum status status =
	    strbuf_ok(&path) ? setup_start_write(setup, &text, err) : error_no_memory(err);
	if (status == STATUS_OK && text.len > 0)
		status = add_text(setup, path.data, &text,
				  (struct setup_file){.comment = "#", .what = START_COMMANDS}, err);
	strbuf_clear(&text);
	strbuf_clear(&path);
	return status;
}

enum status setup_plan(struct setup *setup, struct error *err)
{
	static enum status (*const steps[])(struct setup *, struct error *) = {
	    add_folders, setup_mend_database, add_secrets, add_query,
	    add_parts,   add_start,           add_conf};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == STATUS_OK; i++)
		status = steps[i](setup, err);
	return status;
}

/*
 * Prints the steps that the operator must do by hand because setup has written no commands for
 * them. Returns the number of the next step.
 */
static int say_parts(const struct setup *setup, int n)
{
	const char *key =
	    setup_answer_is(setup, SETUP_AUTH, "token") || setup_answer_is(setup, SETUP_AUTH, "jwt")
		? ", and copy bosh.key to the XMPP server"
		: "";

	for (size_t i = 0; i < setup->n_files; i++) {
		const struct setup_file *file = &setup->files[i];

		if (strcmp(file->what, "XMPP server") == 0)
			fprintf(setup->say,
				"  %d. Copy the lines of %s into the XMPP server's configuration%s "
				"(docs/%s.md).\n",
				n++, file->path, key, setup->xmpp_server);
		if (strcmp(file->what, "web server") == 0 && conf_kit() == NULL)
			fprintf(setup->say,
				"  %d. Enable %s as described in the first lines of this file.\n",
				n++, file->path);
	}
	if (setup_web_has_socket(setup))
		fprintf(setup->say,
			"  %d. Start prebind: systemctl enable --now prebind.socket "
			"prebind.service\n",
			n++);
	return n;
}

static const char *start_file(const struct setup *setup)
{
	for (size_t i = 0; i < setup->n_files; i++)
		if (strcmp(setup->files[i].what, START_COMMANDS) == 0)
			return setup->files[i].path;
	return NULL;
}

void setup_say_next(const struct setup *setup)
{
	const char *start = start_file(setup);
	const char *kit = conf_kit();
	const char *bin = kit != NULL ? "/bin/" : "";
	int n = 1;

	kit = kit != NULL ? kit : "";
	fputs("\nWhat is left to do:\n", setup->say);
	if (start != NULL)
		fprintf(setup->say, "  %d. Read these commands, then run them: sh %s\n", n++,
			start);
	else
		n = say_parts(setup, n);
	if (setup_answer_is(setup, SETUP_LOGIN, PROVIDER_LOGIN))
		fprintf(setup->say, "  %d. Add users: %s%sprebindctl -c %s user add NAME\n", n++,
			kit, bin, setup->conf);
	fprintf(
	    setup->say,
	    "  %d. Check the chat as a browser does: %s%sprebindctl -c %s check --deep --web %s\n",
	    n++, kit, bin, setup->conf, setup_answer(setup, SETUP_URL));
	fprintf(setup->say, "  %d. Open %s\n", n, setup_answer(setup, SETUP_URL));
}

void setup_clear(struct setup *setup)
{
	for (size_t i = 0; i < SETUP_COUNT; i++)
		free(setup->answers[i]);
	for (size_t i = 0; i < setup->n_keys; i++) {
		free(setup->keys[i].name);
		free(setup->keys[i].value);
	}
	for (size_t i = 0; i < setup->n_files; i++) {
		free(setup->files[i].path);
		strbuf_clear(&setup->files[i].content);
	}
	free(setup->table_prefix_found);
	free(setup->wordpress);
	secret_free(setup->secret);
	secret_free(setup->db_password);
	secret_free(setup->tigase_password);
	free(setup->conf);
	free(setup->folder);
}
