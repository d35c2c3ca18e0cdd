/*
 * Declares the functions of libpq, which is loaded at its first use. LIBPQ_FE_H is defined if the
 * build has libpq. Internal to db/.
 */
#ifndef DB_LIBPQ_H
#define DB_LIBPQ_H

#include "db/library.h"

#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#elif __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#endif

#ifdef LIBPQ_FE_H

/* clang-format off */
#define LIBPQ_CALLS(X) \
	X(PQconnectStartParams) X(PQconnectPoll) X(PQfinish) X(PQstatus) X(PQsocket) \
	X(PQerrorMessage) X(PQsetnonblocking) X(PQsendQuery) X(PQsendPrepare) \
	X(PQsendDescribePrepared) X(PQsendQueryPrepared) X(PQflush) X(PQconsumeInput) \
	X(PQisBusy) X(PQgetResult) X(PQresultStatus) X(PQresultErrorField) X(PQclear) \
	X(PQntuples) X(PQnfields) X(PQftype) X(PQfformat) X(PQnparams) X(PQparamtype) X(PQgetisnull) \
	X(PQgetvalue) X(PQgetlength) X(PQcmdTuples) X(PQcmdStatus) X(PQsetNoticeReceiver)
/* clang-format on */

/* The functions of libpq. libpq_load sets them. */
extern struct libpq_calls {
	LIBRARY_POINTERS(LIBPQ_CALLS)
} libpq;

enum status libpq_load(struct error *err);

#endif

#endif
