/*
 * Who may have written a file, by each rule; and what is no file that can be read. How a file is
 * written, and gets its name.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"

#define MAX 8

static char folder[] = "/tmp/prebind-file-XXXXXX";
static char path[64];

/* What the file system says to the two calls; 0 if it knows them. */
static int flag_fault, link_fault;

/* These two replace the functions of the C library. */

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	errno = flag_fault;
	return flag_fault != 0
		   ? -1
		   : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to)
{
	errno = link_fault;
	return link_fault != 0 ? -1 : linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

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

/* The limit stands for a disk that is full after some bytes. */
TEST(test_why_not_all_is_written)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	const struct rlimit few = {4, RLIM_INFINITY};
	char *part = NULL;
	struct stat st;

	unit_folder_make(NULL);
	snprintf(path, sizeof(path), "%s/file", unit_folder());
	int fd = file_part_new(path, &part);
	assert_true(fd >= 0);
	assert_true(file_write(fd, "123", 3));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
	errno = 0;
	bool written = file_write(fd, "456", 3);
	int why = errno;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_false(written);
	assert_int_equal(why, EFBIG);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 4);
	close(fd);
	free(part);
	unit_folder_remove(NULL);
}

static void part_make(char **part, const char *text)
{
	int fd = file_part_new(path, part);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(file_write(fd, text, strlen(text)));
	close(fd);
}

static void assert_named_once(void)
{
	char *parts[2] = {NULL, NULL};
	struct stat st;

	snprintf(path, sizeof(path), "%s/file", unit_folder());
	part_make(&parts[0], "first");
	part_make(&parts[1], "2.");
	assert_string_not_equal(parts[0], parts[1]);
	assert_true(file_rename_new(parts[0], path));
	assert_int_equal(access(parts[0], F_OK), -1);
	assert_false(file_rename_new(parts[1], path));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(access(parts[1], F_OK), 0); /* of the caller */
	unlink(parts[1]);
	unlink(path);
	assert_false(file_rename_new(parts[1], path));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(access(path, F_OK), -1);
	free(parts[0]);
	free(parts[1]);
	snprintf(path, sizeof(path), "%s/nowhere/file", unit_folder());
	assert_int_equal(file_part_new(path, &parts[0]), -1);
	assert_int_equal(errno, ENOENT);
}

TEST(test_a_file_gets_its_name_once)
{
	static const int no_flag[] = {EINVAL, ENOSYS};
	static const int no_links[] = {0, EPERM, ENOSYS, EOPNOTSUPP, EMLINK};

	unit_folder_make(NULL);
	assert_named_once();
	for (size_t i = 0; i < COUNT(no_flag); i++)
		for (size_t j = 0; j < COUNT(no_links); j++) {
			flag_fault = no_flag[i];
			link_fault = no_links[j];
			assert_named_once();
		}
	flag_fault = link_fault = 0;
	unit_folder_remove(NULL);
}

TEST(test_another_fault_of_the_file_system)
{
	char *part = NULL;

	unit_folder_make(NULL);
	snprintf(path, sizeof(path), "%s/file", unit_folder());
	part_make(&part, "text");
	flag_fault = EINVAL;
	link_fault = EIO;
	assert_false(file_rename_new(part, path));
	assert_int_equal(errno, EIO);
	flag_fault = link_fault = 0;
	assert_int_equal(access(path, F_OK), -1);
	free(part);
	unit_folder_remove(NULL);
}
