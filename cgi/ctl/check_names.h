/*
 * A part of prebindctl check: names that would be refused today.
 */
#ifndef CTL_CHECK_NAMES_H
#define CTL_CHECK_NAMES_H

#include "base/error.h"
#include "store/store.h"

/* STATUS_CONFLICT: there are such names; the sentence lists the first ones. */
enum status names_check(struct store *store, struct error *said);

#endif
