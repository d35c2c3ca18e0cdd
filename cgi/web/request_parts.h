/*
 * Declarations that only the request's own files include.
 */
#ifndef WEB_REQUEST_PARTS_H
#define WEB_REQUEST_PARTS_H

#include "web/request.h"

/*
 * Parses application/x-www-form-urlencoded text into fields. Returns STATUS_BAD_REQUEST if an
 * escape is broken or there are too many fields.
 */
enum status fields_parse(struct fields *fields, const char *text, size_t len, struct error *err);
void fields_clear(struct fields *fields);

/*
 * Sets out->host and out->origin_self from out->https and from `value`, the text of a Host header.
 * Both members must be NULL before the call. Returns STATUS_BAD_REQUEST if the text is not a host.
 */
enum status request_set_host(const char *value, struct request *out, struct error *err);

size_t cookies_count(const char *header);

#endif
