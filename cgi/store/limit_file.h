/*
 * The file that holds the limits of limit.h. It also holds other data that processes share and that
 * can be lost. Internal to store/.
 */
#ifndef STORE_LIMIT_FILE_H
#define STORE_LIMIT_FILE_H

#include "store/connection.h"

/* A row as it is stored in the table. */
struct limit_row {
	bool there;
	int64_t credit; /* time to refill a bucket's tokens; or the number of failed attempts */
	int64_t stamp;  /* the time when credit was computed */
};

struct limit_store;

/*
 * Reads and writes limits, inside a write transaction. If the file is damaged, full or missing, it
 * is repaired and this function is called again. The second call must not add to the results of the
 * first.
 */
typedef enum status limit_file_question(struct connection *db, void *arg, struct error *err);
struct limit_file_call {
	struct store_key key; /* identifies the row that is read and written */
	limit_file_question *ask;
	void *arg;
};
enum status limit_file_ask(struct limit_store *limits, const struct limit_file_call *call,
			   struct error *err);

#endif
