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
#include <unwind.h>

#include "fail.h"

struct plan *plan;
/*
 * These always get memory: libfcgi does not check its allocations, and the dynamic linker ends the
 * process without it.
 */
static struct range {
	uintptr_t begin, end;
} spared[2];
static struct range program; /* its code, without that of the shared libraries */

static void find_code(const struct dl_phdr_info *info, struct range *out)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		out->begin = info->dlpi_addr + part->p_vaddr;
		out->end = out->begin + part->p_memsz;
	}
}

static bool holds(const struct range *range, uintptr_t at)
{
	return at >= range->begin && at < range->end;
}

static int look_at(struct dl_phdr_info *info, size_t size, void *arg)
{
	size_t *count = arg;

	(void)size;
	if (program.end == 0) /* the program is the first */
		find_code(info, &program);
	else if (*count < sizeof(spared) / sizeof(spared[0]) &&
		 (strstr(info->dlpi_name, "libfcgi") != NULL ||
		  strstr(info->dlpi_name, "/ld-linux") != NULL))
		find_code(info, &spared[(*count)++]);
	return 0;
}

__attribute__((constructor)) static void start(void)
{
	const char *file = getenv("TORTURE_PLAN");
	int fd = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
	size_t count = 0;

	if (fd < 0)
		return;
	dl_iterate_phdr(look_at, &count);
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

/* ---- where a call comes from ---- */

static __thread bool busy __attribute__((tls_model("initial-exec")));

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *frame, void *arg)
{
	uint64_t *place = arg;
	uintptr_t at = _Unwind_GetIP(frame);

	if (holds(&program, at))
		*place = (*place ^ (at - program.begin)) * 0x100000001b3; /* FNV-1a */
	return _URC_NO_REASON;
}

/*
 * The place is a hash of the program's frames on the stack: what a library does for one call of the
 * program is one place.
 */
static void list(struct plan *now, enum class class, uint32_t number)
{
	uint32_t at = __atomic_fetch_add(&now->listed, 1, __ATOMIC_RELAXED);
	uint64_t place = 0xcbf29ce484222325;

	if (at >= LIST_SIZE || busy)
		return;
	busy = true;
	_Unwind_Backtrace(add_frame, &place);
	busy = false;
	now->list[at] = (struct listed){.class = class, .number = number, .place = place};
}

/*
 * The programs of `make coverage` write their counters between these two. That is not what is
 * tested.
 */
static __thread bool paused __attribute__((tls_model("initial-exec")));

void torture_pause(bool on);
void torture_pause(bool on)
{
	paused = on;
}

bool fails(enum class class, int fd, const void *caller)
{
	struct plan *now = plan;

	if (now == NULL || paused)
		return false;
	uint32_t number = __atomic_add_fetch(&now->calls[class], 1, __ATOMIC_RELAXED);
	if (now->listing)
		list(now, class, number);
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
		if (holds(&spared[i], at))
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
