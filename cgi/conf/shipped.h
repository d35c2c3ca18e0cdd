/*
 * Finds what is shipped with the programs.
 */
#ifndef CONF_SHIPPED_H
#define CONF_SHIPPED_H

#include "base/error.h"

/*
 * Returns the path of a file or folder that is shipped, such as "/templates". It is in the folder
 * that the environment variable PREBIND_DATADIR names, otherwise in the installed place. A kit can
 * be unpacked anywhere, so its launcher sets the variable. The caller frees *out.
 */
enum status conf_shipped_path(const char *name, char **out, struct error *err);

/*
 * The kit for shared hosting. conf_kit returns its private folder, or NULL if we do not run from a
 * kit. conf_kit_page returns the folder of the page. It returns NULL in all programs but the one
 * that serves the page. The kit's launcher sets both folders in the environment.
 */
const char *conf_kit(void);
const char *conf_kit_page(void);

#endif
