/*
 * Writes this program's own cookies with their attributes, and reads them.
 */
#include "page/cookie.h"

/*
 * The value of SameSite. It is Strict if only our own form needs the cookie. It is Lax if we must
 * recognize a visitor who follows a link from another site.
 */
static const char *const same_site[COOKIE_COUNT] = {
    [COOKIE_SESSION] = "Lax", [COOKIE_FORM] = "Strict", [COOKIE_DEVICE] = "Lax",
    [COOKIE_SENT] = "Lax",    [COOKIE_GUEST] = "Lax",
};

void cookie_set(struct response *res, const struct site_conf *conf, enum own_cookie cookie,
		const char *value, long life_s)
{
	char name[COOKIE_NAME_MAX];
	struct strbuf text;

	cookie_name(conf, cookie, name);
	strbuf_init_secret(&text);
	strbuf_addf(&text, "%s=%s; Path=/;%s HttpOnly; SameSite=%s", name, value,
		    conf->allow_http ? "" : " Secure;", same_site[cookie]);
	if (life_s != COOKIE_UNTIL_CLOSED)
		strbuf_addf(&text, "; Max-Age=%ld", life_s);
	if (strbuf_ok(&text))
		response_cookie(res, text.data);
	else
		res->failed = true;
	strbuf_clear(&text);
}

void cookie_expire(struct response *res, const struct site_conf *conf, enum own_cookie cookie)
{
	cookie_set(res, conf, cookie, "", 0);
}

enum status own_cookie_find(const struct request *req, const struct site_conf *conf,
			    enum own_cookie cookie, char **out, struct error *err)
{
	char name[COOKIE_NAME_MAX];

	*out = NULL;
	cookie_name(conf, cookie, name);
	enum status status = request_cookie(req, name, out, err);
	return status == STATUS_NOT_FOUND || status == STATUS_BAD_REQUEST ? STATUS_OK : status;
}

char *cookie_get(const struct request *req, const struct site_conf *conf, enum own_cookie cookie)
{
	char *value = NULL;

	own_cookie_find(req, conf, cookie, &value, NULL);
	return value;
}
