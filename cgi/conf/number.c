/*
 * Reads digits and units. The minimum and maximum of each key are checked elsewhere.
 */
#include "conf/number.h"

#include <stddef.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool number_read(const char **at, long long *out)
{
	if (!is_digit(**at))
		return false;
	long long number = 0;
	for (; is_digit(**at); (*at)++) {
		if (number <= NUMBER_MAX)
			number = number * 10 + (**at - '0');
	}
	*out = number > NUMBER_MAX ? NUMBER_MAX + 1 : number;
	return true;
}

static const struct {
	const char *name;
	long long ms;
} units[] = {
    {"h",  NUMBER_HOUR_MS  },
    {"m",  NUMBER_MINUTE_MS},
    {"s",  NUMBER_SECOND_MS},
    {"ms", 1               }
};
#define N_UNITS (sizeof(units) / sizeof(units[0]))

const char *number_time_read(const char *text, long long *ms)
{
	long long number;
	if (!number_read(&text, &number))
		return "is not a time";
	if (text[0] == '\0') {
		*ms = 0;
		return number == 0 ? NULL : "has no unit";
	}
	for (size_t i = 0; i < N_UNITS; i++) {
		if (strcmp(text, units[i].name) == 0) {
			*ms = number * units[i].ms;
			return NULL;
		}
	}
	return "has an unknown unit";
}

void number_time_write(long long ms, struct strbuf *out)
{
	for (size_t i = 0; i < N_UNITS && ms != 0; i++) {
		if (ms % units[i].ms == 0) {
			strbuf_addf(out, "%lld%s", ms / units[i].ms, units[i].name);
			return;
		}
	}
	strbuf_adds(out, "0");
}
