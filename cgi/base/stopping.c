/*
 * One flag. The main thread sets it, and the threads that serve read it.
 */
#include "base/stopping.h"

#include <stdatomic.h>

static atomic_bool stopping;

void stopping_begin(void)
{
	atomic_store(&stopping, true);
}

bool stopping_has_begun(void)
{
	return atomic_load(&stopping);
}
