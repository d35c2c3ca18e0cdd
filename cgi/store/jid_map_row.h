/*
 * Writing a row of the JID map inside a transaction that writes something else too. Internal to
 * store/.
 */
#ifndef STORE_JID_MAP_ROW_H
#define STORE_JID_MAP_ROW_H

#include "store/jid_map.h"
#include "store/connection.h"

/* Like jid_map_set, in the caller's transaction. */
enum status jid_map_row_set(struct connection *db, const struct jid_map_row *row,
			    struct error *err);

#endif
