/*
 * A part of prebindctl check: names that would be refused today.
 */
#ifndef CTL_CHECK_NAMES_H
#define CTL_CHECK_NAMES_H

#include "base/error.h"
#include "store/store.h"

/* Returns STATUS_CONFLICT if there are such names. The sentence lists the first of them. */
enum status names_check(struct store *store, struct error *said);

#endif
