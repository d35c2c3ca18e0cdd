/*
 * Finds files that are shipped with the programs, wherever the programs are installed or unpacked.
 */
#include "conf/shipped.h"

#include <stdio.h>
#include <stdlib.h>

enum status conf_shipped_path(const char *name, char **out, struct error *err)
{
	const char *folder = getenv("PREBIND_DATADIR");

	if (folder == NULL || folder[0] == '\0')
		folder = PREBIND_DATADIR;
	return asprintf(out, "%s%s", folder, name) < 0 ? error_no_memory(err) : STATUS_OK;
}

static const char *folder_of(const char *variable)
{
	const char *folder = getenv(variable);

	return folder != NULL && folder[0] == '/' ? folder : NULL;
}

const char *conf_kit(void)
{
	return folder_of("PREBIND_KIT");
}

const char *conf_kit_page(void)
{
	return folder_of("PREBIND_KIT_PAGE");
}
