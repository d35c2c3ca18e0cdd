/*
 * Finds the route for a path and a method. A route's path is exact, or its last segment is a
 * parameter that can have any value. Paths are not normalized, and a prefix does not match. The
 * table is in page/routes.c.
 */
#include "web/router.h"

#include <stdio.h>
#include <string.h>

/* Returns the length of the fixed part, which is the path without its parameter. */
static size_t fixed_length(const char *path)
{
	return strcspn(path, "{");
}

static bool path_matches(const char *wanted, const char *path)
{
	size_t fixed = fixed_length(wanted);

	if (wanted[fixed] == '\0')
		return strcmp(wanted, path) == 0;
	return strncmp(wanted, path, fixed) == 0 && path[fixed] != '\0' &&
	       strchr(path + fixed, '/') == NULL;
}

const char *router_param(const struct route *route, const char *path)
{
	return path + fixed_length(route->path);
}

enum status router_find(const struct route *routes, size_t n, const char *path,
			enum http_method method, const struct route **out)
{
	for (size_t i = 0; i < n; i++) {
		if (!path_matches(routes[i].path, path))
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
