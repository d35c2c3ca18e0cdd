/*
 * The part of prebindctl check that reports names which today's rules would refuse.
 */
#ifndef CTL_CHECK_NAMES_H
#define CTL_CHECK_NAMES_H

#include "base/error.h"
#include "store/store.h"

/* Returns STATUS_CONFLICT if the store has names to report. `said` then lists the first names. */
enum status names_check(struct store *store, struct error *said);

#endif
