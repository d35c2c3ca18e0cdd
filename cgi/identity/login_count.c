/*
 * Counts login attempts per account and per device.
 */
#include "identity/login_count.h"

static struct limit_key key_of(const struct login_count *count)
{
	return count->device != NULL
		   ? (struct limit_key){.scope = "login_device", .key = count->device}
		   : (struct limit_key){.scope = "login", .key = count->account};
}

enum status login_count_begin(const struct login_count *count, struct error *err)
{
	const struct limit_key key = key_of(count);

	return limit_try(count->limits, &key, &count->conf->limit_login, count->now * 1000, err);
}

void login_count_end(const struct login_count *count, enum status outcome)
{
	const struct limit_key key = key_of(count);

	if (outcome != STATUS_BAD_CREDENTIALS)
		limit_try_worked(count->limits, &key, &count->conf->limit_login, count->now * 1000,
				 NULL);
}
