/*
 * Who may have written a file, by each rule; and what is no file that can be read.
 */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"

#define MAX 8

static char folder[] = "/tmp/prebind-file-XXXXXX";
static char path[64];

static enum file_fault read_with(mode_t mode, enum file_rule rule, const char *text)
{
	struct strbuf out;
	struct file_found found;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	strbuf_init(&out);
	enum file_fault fault = file_read(path, rule, MAX, &out, &found);
	if (fault == FILE_OK)
		assert_string_equal(out.data, text);
	if (fault == FILE_WRITABLE)
		assert_int_equal(found.mode, mode);
	strbuf_clear(&out);
	return fault;
}

static enum file_fault fault_of(const char *name, int *cause)
{
	struct strbuf out;
	struct file_found found;

	strbuf_init(&out);
	enum file_fault fault = file_read(name, FILE_BY_OWNER, MAX, &out, &found);
	*cause = found.cause;
	strbuf_clear(&out);
	return fault;
}

TEST(test_who_may_have_written_it)
{
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	assert_int_equal(read_with(0600, FILE_BY_OWNER, "text"), FILE_OK);
	assert_int_equal(read_with(0644, FILE_BY_OWNER, "text"), FILE_OK);
	assert_int_equal(read_with(0620, FILE_BY_OWNER, "text"), FILE_WRITABLE);
	assert_int_equal(read_with(0602, FILE_BY_OWNER, "text"), FILE_WRITABLE);
	assert_int_equal(read_with(0664, FILE_BY_GROUP, "text"), FILE_OK);
	assert_int_equal(read_with(0602, FILE_BY_GROUP, "text"), FILE_WRITABLE);
	assert_int_equal(read_with(0600, FILE_BY_OWNER, "12345678"), FILE_OK);
	assert_int_equal(read_with(0600, FILE_BY_OWNER, "123456789"), FILE_TOO_LONG);
	unlink(path);

	int cause;
	assert_int_equal(fault_of(path, &cause), FILE_NOT_OPENED);
	assert_int_equal(cause, ENOENT);
	assert_int_equal(fault_of(folder, &cause), FILE_NOT_REGULAR);
	assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes to it: it must not block */
	assert_int_equal(fault_of(path, &cause), FILE_NOT_REGULAR);
	unlink(path);
	rmdir(folder);
	assert_int_equal(fault_of("/proc/self/status", &cause), FILE_TOO_LONG); /* its size is 0 */
}
