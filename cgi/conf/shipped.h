/*
 * Finds files that are shipped with the programs.
 */
#ifndef CONF_SHIPPED_H
#define CONF_SHIPPED_H

#include "base/error.h"

/*
 * Sets *out to the path of a shipped file or folder; name begins with a slash, such as
 * "/templates". The file is in the folder that the environment variable PREBIND_DATADIR names,
 * otherwise in the installed place. The kit's launcher sets the variable, because a kit can be
 * unpacked anywhere. The caller frees *out.
 */
enum status conf_shipped_path(const char *name, char **out, struct error *err);

/*
 * For the kit for shared hosting. conf_kit returns the kit's private folder, or NULL if the program
 * does not run from a kit. conf_kit_page returns the folder of the page, or NULL in all programs
 * but the one that serves the page. The kit's launcher sets both folders in the environment.
 */
const char *conf_kit(void);
const char *conf_kit_page(void);

#endif
