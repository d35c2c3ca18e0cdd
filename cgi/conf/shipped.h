/*
 * Finds files that are shipped with the programs.
 */
#ifndef CONF_SHIPPED_H
#define CONF_SHIPPED_H

#include "base/error.h"

/*
 * Sets *out to the path of a shipped file or folder; name begins with a slash, such as
 * "/templates". The path begins with the value of the environment variable PREBIND_DATADIR if it is
 * set, otherwise with the installed folder. The kit's launcher sets the variable, because a kit can
 * be unpacked anywhere. The caller frees *out.
 */
enum status conf_shipped_path(const char *name, char **out, struct error *err);

/*
 * conf_kit returns the private folder of the kit for shared hosting, or NULL if the program does
 * not run from a kit. conf_kit_page returns the folder of the page, but only in the program that
 * serves the page; otherwise it returns NULL. The kit's launcher sets both folders in the
 * environment.
 */
const char *conf_kit(void);
const char *conf_kit_page(void);

#endif
