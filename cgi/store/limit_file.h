/*
 * The file that limit.h's limits are kept in, for what else processes have to share and may lose.
 * Internal to store/.
 */
#ifndef STORE_LIMIT_FILE_H
#define STORE_LIMIT_FILE_H

#include "store/statement.h"

struct limit_store;

/*
 * One question, in a transaction that writes. A file that is damaged, full or gone is mended and
 * the question asked once more: it must not count what it did the first time.
 */
typedef enum status limit_file_question(struct connection *db, void *arg, struct error *err);
enum status limit_file_ask(struct limit_store *limits, limit_file_question *ask, void *arg,
			   struct error *err);

#endif
