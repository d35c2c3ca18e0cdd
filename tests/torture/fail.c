/*
 * Makes calls of a program fail: the torture test starts the program with this in LD_PRELOAD. All
 * calls of a class are counted; the one with the wanted number fails, and with FOR_EVER all calls
 * after it. Plan and counts are in a file that the program and its child processes map
 * (TORTURE_PLAN), so the test can change the plan of a server. Calls inside the C library itself
 * (fopen, getaddrinfo) cannot be reached, except for memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail.h"

struct plan *plan;
/*
 * These always get memory: libfcgi does not check its allocations, and the dynamic linker ends the
 * process without it.
 */
static struct range {
	uintptr_t begin, end;
} spared[2];

static int add_spared(struct dl_phdr_info *info, size_t size, void *arg)
{
	size_t *count = arg;

	(void)size;
	if (strstr(info->dlpi_name, "libfcgi") == NULL &&
	    strstr(info->dlpi_name, "/ld-linux") == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum && *count < sizeof(spared) / sizeof(spared[0]); i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		spared[*count].begin = info->dlpi_addr + part->p_vaddr;
		spared[(*count)++].end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
	}
	return 0;
}

__attribute__((constructor)) static void start(void)
{
	const char *file = getenv("TORTURE_PLAN");
	int fd = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
	size_t count = 0;

	if (fd < 0)
		return;
	dl_iterate_phdr(add_spared, &count);
	void *map = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		plan = map;
}

static void note(const void *caller, int fd)
{
	Dl_info info;

	plan->fd = fd;
	if (dladdr(caller, &info) == 0)
		return;
	const char *file = strrchr(info.dli_fname, '/');
	snprintf(plan->where, WHERE_SIZE, "%s %s+%#tx", file != NULL ? file + 1 : info.dli_fname,
		 info.dli_sname != NULL ? info.dli_sname : "?",
		 (const char *)caller -
		     (const char *)(info.dli_sname != NULL ? info.dli_saddr : info.dli_fbase));
}

bool fails(enum class class, int fd, const void *caller)
{
	struct plan *now = plan;

	if (now == NULL)
		return false;
	uint32_t number = __atomic_add_fetch(&now->calls[class], 1, __ATOMIC_RELAXED);
	if (now->class != class || number < now->at || (number > now->at && now->mode != FOR_EVER))
		return false;
	if (__atomic_fetch_add(&now->failed, 1, __ATOMIC_RELAXED) == 0)
		note(caller, fd);
	errno = (int)now->error;
	return true;
}

/* ---- memory ---- */

static bool memory_fails(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	for (size_t i = 0; i < sizeof(spared) / sizeof(spared[0]); i++) {
		if (at >= spared[i].begin && at < spared[i].end)
			return false;
	}
	return fails(MEMORY, -1, caller);
}

/*
 * dlsym may need memory before it has found the real function, and a sanitizer before it is ready.
 * That memory is never freed.
 */
static char early[65536];
static size_t early_used;
/*
 * volatile: the compiler believes that dlsym does not come back to us. initial-exec: a sanitizer
 * replaces __tls_get_addr.
 */
static __thread volatile bool looking __attribute__((tls_model("initial-exec")));

static bool is_early(const void *memory)
{
	return (const char *)memory >= early && (const char *)memory < early + sizeof(early);
}

static void *early_get(size_t size)
{
	size_t at = (early_used + 15) & ~(size_t)15;

	if (at + size > sizeof(early))
		return NULL;
	early_used = at + size;
	return early + at;
}

#define REAL_MEMORY(name, early_way)                                                               \
	static __typeof__(&name) real;                                                             \
	if (real == NULL && !looking) {                                                            \
		looking = true;                                                                    \
		real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                 \
		looking = false;                                                                   \
	}                                                                                          \
	if (real == NULL)                                                                          \
	return early_way

void *malloc(size_t size)
{
	REAL_MEMORY(malloc, early_get(size));
	return memory_fails(CALLER) ? NULL : real(size);
}

void *calloc(size_t count, size_t size)
{
	REAL_MEMORY(calloc, early_get(count * size));
	return memory_fails(CALLER) ? NULL : real(count, size);
}

static void *early_move(void *old, size_t size)
{
	void *moved = malloc(size);
	size_t most = (size_t)(early + sizeof(early) - (char *)old);

	if (moved != NULL)
		memcpy(moved, old, size < most ? size : most);
	return moved;
}

void *realloc(void *old, size_t size)
{
	if (is_early(old))
		return early_move(old, size);
	REAL_MEMORY(realloc, NULL);
	return memory_fails(CALLER) ? NULL : real(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	REAL_MEMORY(reallocarray, NULL);
	return memory_fails(CALLER) ? NULL : real(old, count, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	REAL_MEMORY(posix_memalign, ENOMEM);
	return memory_fails(CALLER) ? ENOMEM : real(out, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	REAL_MEMORY(aligned_alloc, NULL);
	return memory_fails(CALLER) ? NULL : real(alignment, size);
}

void free(void *old)
{
	if (is_early(old))
		return;
	REAL_MEMORY(free, );
	real(old);
}
