/*
 * Limits the login attempts per account and per address. A browser that has logged in before has
 * its own limit, so attacks on an account do not lock out its owner. If the limits cannot be read,
 * the login is refused.
 */
#include "page/login_limit.h"

#include "page/cookie.h"
#include "page/device.h"
#include "page/page.h"

#define SCOPE "login_ip" /* the name of the limit on failures per address */

/*
 * The limit on failures from one address, for all accounts together. It is high enough for an
 * office that shares one address.
 */
static const struct conf_limit address_limit = {.count = 50, .period_ms = 3600L * 1000};

static bool is_off(const struct exchange *ex)
{
	return ex->site->conf->limit_login.count == 0;
}

/*
 * Returns the value of the browser's device cookie if it is valid for this account, otherwise NULL.
 * The caller frees the value.
 */
static char *device_of(const struct exchange *ex, const char *account)
{
	char *value = cookie_get(&ex->req, ex->site->conf, COOKIE_DEVICE);

	if (value != NULL && device_cookie_check(ex->site->csrf_key, account, ex->now, value))
		return value;
	secret_free(value);
	return NULL;
}

static struct login_count count_of(const struct exchange *ex, const struct login_limit *limit)
{
	return (struct login_count){
	    .limits = ex->site->limits,
	    .conf = ex->site->conf,
	    .account = limit->account,
	    .device = limit->device,
	    .now = ex->now,
	};
}

enum status login_limit_address(struct exchange *ex, const char *scope, bool failed,
				struct error *err)
{
	char address[64];
	const struct limit_key key = {.scope = scope, .key = address};

	limit_address_key(ex->req.remote_addr, address);
	return (failed ? limit_take : limit_check)(ex->site->limits, &key, &address_limit,
						   ex->now * 1000, err);
}

enum status login_limit_begin(struct exchange *ex, const char *user, struct login_limit *out,
			      struct error *err)
{
	struct login_limit limit = {0};
	struct identity_context context = exchange_context(ex);

	if (is_off(ex)) {
		*out = limit;
		return STATUS_OK;
	}
	enum status status = login_account_key(&context, user, limit.account, err);
	if (status != STATUS_OK)
		return status;
	limit.device = device_of(ex, limit.account);
	if (limit.device == NULL)
		status = login_limit_address(ex, SCOPE, false, err);
	if (status == STATUS_OK) {
		const struct login_count count = count_of(ex, &limit);
		status = login_count_begin(&count, err);
	}
	if (status == STATUS_OK)
		*out = limit;
	else
		secret_free(limit.device);
	return status;
}

static void give_device_cookie(struct exchange *ex, const char *account)
{
	char value[DEVICE_VALUE_MAX];

	device_cookie_make(ex->site->csrf_key, account, ex->now, value);
	if (value[0] != '\0')
		cookie_set(ex->res, ex->site->conf, COOKIE_DEVICE, value, DEVICE_LIFE_S);
}

void login_limit_end(struct exchange *ex, struct login_limit *limit, enum status status)
{
	if (is_off(ex))
		return;
	const struct login_count count = count_of(ex, limit);
	login_count_end(&count, status);
	if (status == STATUS_BAD_CREDENTIALS && limit->device == NULL)
		login_limit_address(ex, SCOPE, true, NULL);
	if (status == STATUS_OK && limit->device == NULL)
		give_device_cookie(ex, limit->account);
	secret_free(limit->device);
	limit->device = NULL;
}
