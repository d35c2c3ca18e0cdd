/*
 * A part of the programs of `make coverage` only. A forked process ends by _exit, which writes no
 * counters: this writes them first. The handler of a crash may not, so its status (128 and the
 * signal) writes none. What writing them needs is not counted by tests/torture/fail.c.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));
void __real___gcov_exit(void);
void __wrap___gcov_exit(void);

static void pause_torture(bool on)
{
	void (*torture_pause)(bool) = (void (*)(bool))dlsym(RTLD_DEFAULT, "torture_pause");

	if (torture_pause != NULL)
		torture_pause(on);
}

void __wrap__exit(int status)
{
	if (status < 128) {
		pause_torture(true);
		__gcov_dump();
	}
	__real__exit(status);
}

/* Each file of the program calls it at the end of the process. The first call writes. */
void __wrap___gcov_exit(void)
{
	pause_torture(true);
	__real___gcov_exit();
	pause_torture(false);
}
