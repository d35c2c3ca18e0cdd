/*
 * A part of the programs of `make coverage` only. A forked process ends by _exit, which writes no
 * counters: this writes them first. The handler of a crash may not, so its status (128 and the
 * signal) writes none.
 */
void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	if (status < 128)
		__gcov_dump();
	__real__exit(status);
}
