/*
 * A part of prebindctl check: names that would not be taken today.
 */
#ifndef CTL_CHECK_NAMES_H
#define CTL_CHECK_NAMES_H

#include "base/error.h"
#include "store/store.h"

/* STATUS_CONFLICT: there are some; the sentence lists the first. */
enum status names_check(struct store *store, struct error *said);

#endif
