/*
 * Makes error texts for the operator. The texts can quote untrusted input, so control bytes are
 * replaced here. The code that writes to the log or the terminal escapes the rest.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
	char text[ERROR_TEXT_MAX]; /* a copy, because callers can pass err->text as an argument */
	va_list args;

	if (err == NULL)
		return status;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	err->status = status;
	err->retry_after = 0;
	memcpy(err->text, text, strlen(text) + 1);
	return status;
}

enum status error_retry_after(struct error *err, enum status status, long seconds)
{
	if (err != NULL)
		err->retry_after = seconds;
	return status;
}

enum status error_no_memory(struct error *err)
{
	return error_set(err, STATUS_INTERNAL, "out of memory");
}
