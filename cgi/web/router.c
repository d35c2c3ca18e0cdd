/*
 * Which route answers a path and a method. Exact paths only: no prefixes, no patterns, no
 * normalisation. The table is somebody else's (page/routes.c); this file only looks things up in
 * it.
 */
#include "web/router.h"

#include <stdio.h>
#include <string.h>

enum status router_find(const struct route *routes, size_t n, const char *path,
			enum http_method method, const struct route **out)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(routes[i].path, path) != 0)
			continue;
		*out = &routes[i];
		return routes[i].methods & (unsigned)method ? STATUS_OK : STATUS_METHOD_NOT_ALLOWED;
	}
	return STATUS_NOT_FOUND;
}

void router_allow(unsigned methods, char out[32])
{
	static const struct {
		enum http_method method;
		const char *name;
	} names[] = {
	    {HTTP_GET,  "GET" },
            {HTTP_HEAD, "HEAD"},
            {HTTP_POST, "POST"}
        };
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(methods & (unsigned)names[i].method))
			continue;
		len +=
		    (size_t)snprintf(out + len, 32 - len, "%s%s", len ? ", " : "", names[i].name);
	}
}
