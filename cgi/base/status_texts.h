/*
 * The English texts for a visitor. cgi/base/status_texts writes them into build/status_texts.c from
 * templates/lang/en.json. Internal to status.c.
 */
#ifndef BASE_STATUS_TEXTS_H
#define BASE_STATUS_TEXTS_H

#include "base/status.h"

struct status_text {
	const char *title; /* NULL if no visitor sees this status */
	const char *sentence;
};

extern const struct status_text status_texts[STATUS_COUNT];

#endif
