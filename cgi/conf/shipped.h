/*
 * Finds what is shipped with the programs.
 */
#ifndef CONF_SHIPPED_H
#define CONF_SHIPPED_H

#include "base/error.h"

/*
 * Returns the path of a file or folder that is shipped, such as "/templates". It is in the folder
 * that the environment names as PREBIND_DATADIR, otherwise in the installed place. A kit may be
 * unpacked anywhere, so its launcher sets the variable. The caller frees *out.
 */
enum status conf_shipped_path(const char *name, char **out, struct error *err);

/*
 * The kit for shared hosting: its private folder, and the folder of the page, which only the
 * program that serves the page knows. The kit's launcher says them. NULL: we do not run from a kit.
 */
const char *conf_kit(void);
const char *conf_kit_page(void);

#endif
