/*
 * The memory that a test's own process takes: malloc and its kin are wrapped, libraries' calls
 * among them, and can be made to fail. Included by one file of a test program.
 */
#ifndef UNIT_COUNTED_MEMORY_H
#define UNIT_COUNTED_MEMORY_H

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTED_MEMORY 0 /* the sanitizer has malloc for itself: nothing is counted or fails */
#else
#define COUNTED_MEMORY 1
#endif

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *block);

static struct {
	bool on;
	size_t now;     /* bytes held */
	size_t peak;    /* the most held at one time */
	size_t calls;   /* of all kinds */
	size_t failing; /* this call fails; 0: none */
} counted;

static void counted_start(size_t failing)
{
	counted.now = counted.peak = counted.calls = 0;
	counted.failing = failing;
	counted.on = true;
}

static size_t counted_stop(void)
{
	counted.on = false;
	return counted.peak;
}

static bool counted_fails(void)
{
	return counted.on && ++counted.calls == counted.failing;
}

static void *counted_taken(void *block)
{
	if (!counted.on || block == NULL)
		return block;
	counted.now += malloc_usable_size(block);
	if (counted.now > counted.peak)
		counted.peak = counted.now;
	return block;
}

static void counted_given(void *block)
{
	size_t size = block == NULL ? 0 : malloc_usable_size(block);

	if (counted.on)
		counted.now -= size < counted.now ? size : counted.now;
}

#if COUNTED_MEMORY
void *malloc(size_t size)
{
	return counted_fails() ? NULL : counted_taken(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return counted_fails() ? NULL : counted_taken(__libc_calloc(n, size));
}

void *realloc(void *old, size_t size)
{
	if (counted_fails())
		return NULL;
	size_t had = old == NULL ? 0 : malloc_usable_size(old);
	void *block = __libc_realloc(old, size);
	if (block != NULL && counted.on)
		counted.now -= had < counted.now ? had : counted.now;
	return counted_taken(block);
}

void *reallocarray(void *old, size_t n, size_t size)
{
	size_t whole;

	return __builtin_mul_overflow(n, size, &whole) ? NULL : realloc(old, whole);
}

void free(void *block)
{
	counted_given(block);
	__libc_free(block);
}
#endif

#endif
