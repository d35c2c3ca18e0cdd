/*
 * Runs a target once with each file that it is given, or with the files of a folder, without
 * libFuzzer: for `make test`, with any compiler. Prints how many there were.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static int count;

static void replay_file(const char *path)
{
	FILE *file = fopen(path, "r");
	struct stat st;

	ORACLE(file != NULL && fstat(fileno(file), &st) == 0);
	size_t size = (size_t)st.st_size;
	uint8_t *data = malloc(size > 0 ? size : 1);
	ORACLE(data != NULL && fread(data, 1, size, file) == size);
	fclose(file);
	fprintf(stderr, "%s\n", path); /* the last one, if it crashes */
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	count++;
}

static void replay(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char name[1024];

	if (folder == NULL) {
		replay_file(path);
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		replay_file(name);
	}
	closedir(folder);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%d\n", count);
	return count > 0 ? 0 : 1;
}
