/*
 * The files of setup: shows what setup will do with each file, and then writes the files. The first
 * line of a text file has a mark with a digest of the other lines. If the mark is missing or the
 * digest is wrong, somebody else wrote or changed the file. Setup never replaces a file that
 * somebody else wrote or changed.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/secret.h"
#include "setup/setup.h"

#define MARK      " Written by prebindctl setup, which replaces it only while it is unchanged: "
#define FILE_ROOM 262144 /* in bytes */

enum state { IS_NEW, IS_SAME, IS_OURS, IS_FOREIGN, IS_THERE, IS_LOOSE };

static void digest_write(const char *text, size_t len, struct strbuf *out)
{
	unsigned char digest[SECRET_SHA256_LEN];

	secret_sha256(digest, text, len);
	codec_hex(out, digest, sizeof(digest));
}

enum status setup_file_add(struct setup *setup, const struct setup_file *file, const char *path,
			   struct strbuf *content, struct error *err)
{
	struct setup_file *row = &setup->files[setup->n_files];

	if (setup->n_files == SETUP_FILES_MAX || (content != NULL && !strbuf_ok(content)))
		return error_no_memory(err);
	*row = *file;
	row->path = strdup(path);
	if (row->path == NULL)
		return error_no_memory(err);
	if (content != NULL) {
		row->content = *content;
		strbuf_init_secret(content);
	} else {
		strbuf_init_secret(&row->content);
	}
	setup->n_files++;
	return STATUS_OK;
}

/* ---- files that already exist ---- */

/*
 * Reads a text file of any owner. Returns false if it cannot read the whole file, or if the file
 * has a NUL. The caller must then ignore the content of *out.
 */
static bool read_any(const char *path, struct strbuf *out)
{
	FILE *in = fopen(path, "re");
	char part[4096];
	size_t n;

	if (in == NULL)
		return false;
	while (out->len <= FILE_ROOM && (n = fread(part, 1, sizeof(part), in)) > 0)
		strbuf_add(out, part, n);
	bool whole = feof(in) && !ferror(in) && out->len <= FILE_ROOM;
	fclose(in);
	return whole && strbuf_ok(out) && memchr(out->data, '\0', out->len) == NULL;
}

/* True if the text has our mark, and the mark's digest matches the rest of the text. */
static bool is_unchanged(const struct strbuf *text)
{
	const char *mark = strstr(text->data, MARK);
	const char *line_end = strchr(text->data, '\n');
	struct strbuf digest;

	if (mark == NULL || line_end == NULL || mark > line_end)
		return false;
	strbuf_init(&digest);
	digest_write(line_end + 1, text->len - (size_t)(line_end + 1 - text->data), &digest);
	bool same =
	    strbuf_ok(&digest) && strncmp(mark + strlen(MARK), digest.data, digest.len) == 0;
	strbuf_clear(&digest);
	return same;
}

static enum state text_state(const char *path, const struct strbuf *content)
{
	struct strbuf there;
	enum state state = IS_FOREIGN;

	strbuf_init_secret(&there);
	bool is_new = access(path, F_OK) != 0;
	bool whole = !is_new && read_any(path, &there);
	if (is_new)
		state = IS_NEW;
	else if (whole && is_unchanged(&there))
		state = IS_OURS;
	const char *rest = strchr(there.data, '\n');
	if (state == IS_FOREIGN && whole && content != NULL &&
	    strcmp(there.data, content->data) == 0)
		state = IS_SAME; /* the file was unpacked, not written by setup, and is unchanged */
	if (state == IS_OURS && content != NULL && strcmp(rest + 1, content->data) == 0)
		state = IS_SAME;
	strbuf_clear(&there);
	return state;
}

static enum state file_state(const struct setup *setup, const struct setup_file *file)
{
	enum state state = access(file->path, F_OK) == 0 ? IS_THERE : IS_NEW;

	if (file->kind == SETUP_TEXT)
		state = text_state(file->path, &file->content);
	if ((state == IS_THERE || state == IS_SAME) && setup_mend_is_needed(setup, file))
		state = IS_LOOSE;
	return state;
}

bool setup_file_is_free(const char *path)
{
	return text_state(path, NULL) != IS_FOREIGN;
}

/* ---- showing ---- */

static const char *owner_of(const struct setup *setup, const struct setup_file *file)
{
	const char *user = setup_answer(setup, SETUP_USER);
	const struct passwd *own = getpwuid(geteuid());

	if (file->is_service && user[0] != '\0')
		return user;
	return own != NULL ? own->pw_name : "?";
}

enum status setup_files_show(const struct setup *setup, struct error *err)
{
	static const char *const words[] = {
	    [IS_NEW] = "write",       [IS_SAME] = "unchanged", [IS_OURS] = "replace",
	    [IS_FOREIGN] = "REFUSED", [IS_THERE] = "keep",     [IS_LOOSE] = "fix"};
	enum status status = STATUS_OK;

	fputs("\nThese are the files:\n", setup->say);
	for (size_t i = 0; i < setup->n_files; i++) {
		const struct setup_file *file = &setup->files[i];
		enum state state = file_state(setup, file);

		fprintf(setup->say, "  %-9s  %s  (%s; %04o, %s)\n", words[state], file->path,
			file->what, (unsigned)file->mode, owner_of(setup, file));
		if (state == IS_FOREIGN && status == STATUS_OK)
			status =
			    error_set(err, STATUS_FORBIDDEN,
				      "%s was not written by setup or was changed later, so setup "
				      "does not replace it; move the file away and run setup again",
				      file->path);
	}
	return status;
}

/* ---- writing ---- */

static enum status give(const struct setup *setup, const struct setup_file *file, const char *path,
			struct error *err)
{
	const char *user = setup_answer(setup, SETUP_USER);
	const struct passwd *who = user[0] != '\0' ? getpwnam(user) : NULL;

	if (!file->is_service || geteuid() != 0 || who == NULL)
		return STATUS_OK;
	uid_t uid = who->pw_uid;
	gid_t gid = who->pw_gid;
	who = file->is_web ? getpwnam(setup_answer(setup, SETUP_WEB_USER)) : NULL;
	if (lchown(path, uid, who != NULL ? who->pw_gid : gid) == 0)
		return STATUS_OK;
	return error_set(err, STATUS_UNAVAILABLE, "the owner of %s cannot be changed to %s: %m",
			 path, user);
}

static enum status folder_make(const struct setup *setup, const struct setup_file *file,
			       struct error *err)
{
	if (access(file->path, F_OK) == 0)
		return STATUS_OK;
	if (mkdir(file->path, 0700) != 0)
		return error_set(err, STATUS_UNAVAILABLE, "the folder %s cannot be made: %m",
				 file->path);
	enum status status = give(setup, file, file->path, err);
	if (status == STATUS_OK && chmod(file->path, file->mode) != 0) /* chown cleared setgid */
		status = error_set(err, STATUS_UNAVAILABLE, "the mode of %s cannot be set: %m",
				   file->path);
	return status;
}

static void mark_write(const struct setup_file *file, struct strbuf *out)
{
	if (file->kind == SETUP_TEXT) {
		strbuf_adds(out, file->comment);
		strbuf_adds(out, MARK);
		digest_write(file->content.data, file->content.len, out);
		strbuf_addc(out, '\n');
	}
	strbuf_add(out, file->content.data, file->content.len);
}

/*
 * Writes a new file next to the old one and renames it, so that nobody can read an incomplete file.
 */
static enum status text_write(const struct setup *setup, const struct setup_file *file,
			      struct error *err)
{
	char *part = NULL;
	struct strbuf text;
	enum status status = STATUS_OK;

	strbuf_init_secret(&text);
	mark_write(file, &text);
	if (!strbuf_ok(&text))
		status = error_no_memory(err);
	int fd = status == STATUS_OK ? file_part_new(file->path, &part) : -1;
	if (status == STATUS_OK && fd < 0)
		status = error_set(err, STATUS_UNAVAILABLE, "%s cannot be made: %m", file->path);
	if (status == STATUS_OK && !file_write(fd, text.data, text.len))
		status = error_set(err, STATUS_UNAVAILABLE, "%s cannot be written: %m", part);
	if (status == STATUS_OK && fchmod(fd, file->mode) != 0)
		status =
		    error_set(err, STATUS_UNAVAILABLE, "the mode of %s cannot be set: %m", part);
	if (status == STATUS_OK)
		status = give(setup, file, part, err);
	if (status == STATUS_OK && fsync(fd) != 0) /* prevents an empty file after a power cut */
		status = error_set(err, STATUS_UNAVAILABLE, "%s cannot be written: %m", part);
	if (fd >= 0)
		close(fd);
	if (status == STATUS_OK && rename(part, file->path) != 0)
		status = error_set(err, STATUS_UNAVAILABLE, "%s cannot be written: %m", file->path);
	if (status != STATUS_OK && fd >= 0)
		unlink(part);
	free(part);
	strbuf_clear(&text);
	return status;
}

enum status setup_files_write(const struct setup *setup, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < setup->n_files && status == STATUS_OK; i++) {
		const struct setup_file *file = &setup->files[i];
		enum state state = file_state(setup, file);

		if (state == IS_LOOSE)
			status = setup_mend(setup, file, err);
		else if (file->kind == SETUP_FOLDER)
			status = folder_make(setup, file, err);
		else if (state == IS_NEW || state == IS_OURS)
			status = text_write(setup, file, err);
	}
	return status;
}
