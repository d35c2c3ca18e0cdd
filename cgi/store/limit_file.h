/*
 * The file of the limits in limit.h. It also holds other data that processes share and may lose.
 * Internal to store/.
 */
#ifndef STORE_LIMIT_FILE_H
#define STORE_LIMIT_FILE_H

#include "store/connection.h"

/* A row as it is stored. */
struct limit_row {
	bool there;
	int64_t credit; /* bucket: tokens as refill time; tries: the count of failures */
	int64_t stamp;  /* when credit was computed */
};

struct limit_store;

/*
 * One question, inside a write transaction. If the file is damaged, full or missing, it is repaired
 * and the question is asked again. The second call must not add to the results of the first.
 */
typedef enum status limit_file_question(struct connection *db, void *arg, struct error *err);
struct limit_file_call {
	struct store_key key; /* of the row that is read and written */
	limit_file_question *ask;
	void *arg;
};
enum status limit_file_ask(struct limit_store *limits, const struct limit_file_call *call,
			   struct error *err);

#endif
