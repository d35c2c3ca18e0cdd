/*
 * Loads a library with dlopen(3). A library is never unloaded, because its functions can be in use
 * in any thread.
 */
#include "db/library.h"

#include <dlfcn.h>
#include <string.h>

static enum status load(const struct library *library, struct error *err)
{
	void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		return error_set(err, STATUS_UNAVAILABLE,
				 "%s cannot be loaded (%s): install the package %s", library->file,
				 dlerror(), library->package);
	for (size_t i = 0; i < library->count; i++) {
		void *found = dlsym(handle, library->names[i]);
		if (found == NULL) {
			dlclose(handle);
			return error_set(err, STATUS_UNAVAILABLE,
					 "%s has no %s: install a newer version of the package %s",
					 library->file, library->names[i], library->package);
		}
		memcpy((char *)library->functions + i * sizeof(found), &found, sizeof(found));
	}
	return STATUS_OK;
}

enum status library_load(struct library *library, bool *first, struct error *err)
{
	enum status status = STATUS_OK;

	pthread_mutex_lock(&library->lock);
	*first = !library->loaded;
	if (!library->loaded)
		status = load(library, err);
	library->loaded = status == STATUS_OK;
	pthread_mutex_unlock(&library->lock);
	return status;
}
