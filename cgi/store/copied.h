/*
 * Describes the rows that store/copy.c copies, for every table. query_sql.c includes this file.
 * COPIED names a column and the member of struct copied_row that holds its value.
 */
#ifndef STORE_COPIED_H
#define STORE_COPIED_H

#include "base/secret.h"
#include "store/query.h"

struct copied_row {
	char *texts[5];
	int64_t numbers[3];
	unsigned char bytes[2][SECRET_SHA256_LEN]; /* all zeros mean null; no digest is all zeros */
};

#define COPIED(name, member, kind)                                                                 \
	{                                                                                          \
		name, kind, offsetof(struct copied_row, member),                                   \
		    sizeof(((struct copied_row *)0)->member)                                       \
	}

static const struct column site_user_copied[] = {
    COPIED("id", numbers[0], KIND_INTEGER),       COPIED("name", texts[0], KIND_TEXT),
    COPIED("display_name", texts[1], KIND_TEXT),  COPIED("password_hash", texts[2], KIND_SECRET),
    COPIED("disabled", numbers[1], KIND_INTEGER), COPIED("created", numbers[2], KIND_INTEGER),
    COPIED("folded", texts[3], KIND_TEXT),        COPIED("display_folded", texts[4], KIND_TEXT),
};
static const struct column login_session_copied[] = {
    COPIED("token_hash", bytes[0], KIND_BLOB),
    COPIED("source", texts[0], KIND_TEXT),
    COPIED("user", texts[1], KIND_TEXT),
    COPIED("created", numbers[0], KIND_INTEGER),
    COPIED("last_seen", numbers[1], KIND_INTEGER),
    COPIED("password_mac", bytes[1], KIND_BLOB | KIND_OR_NULL),
};
static const struct column jid_map_copied[] = {
    COPIED("source", texts[0], KIND_TEXT),
    COPIED("user", texts[1], KIND_TEXT),
    COPIED("localpart", texts[2], KIND_TEXT),
    COPIED("domain", texts[3], KIND_TEXT),
    COPIED("xmpp_password", texts[4], KIND_SECRET | KIND_OR_NULL),
};
static const struct column site_key_copied[] = {
    COPIED("purpose", texts[0], KIND_TEXT),
    COPIED("key", bytes[0], KIND_BLOB),
};
static const struct column gateway_caller_copied[] = {
    COPIED("name", texts[0], KIND_TEXT),
    COPIED("password_hash", texts[1], KIND_SECRET),
    COPIED("api_key_hash", bytes[0], KIND_BLOB | KIND_OR_NULL),
    COPIED("domains", texts[2], KIND_TEXT),
    COPIED("addresses", texts[3], KIND_TEXT),
    COPIED("disabled", numbers[0], KIND_INTEGER),
    COPIED("created", numbers[1], KIND_INTEGER),
};
static const struct column used_nonce_copied[] = {
    COPIED("nonce", texts[0], KIND_TEXT),
    COPIED("expiry", numbers[0], KIND_INTEGER),
};
static const struct column token_revocation_copied[] = {
    COPIED("user", texts[0], KIND_TEXT),
    COPIED("min_iat", numbers[0], KIND_INTEGER),
};
static const struct column jid_claim_copied[] = {
    COPIED("localpart", texts[0], KIND_TEXT),
    COPIED("domain", texts[1], KIND_TEXT),
    COPIED("owner", texts[2], KIND_TEXT),
    COPIED("since", numbers[0], KIND_INTEGER),
};
static const struct column provisioned_copied[] = {
    COPIED("localpart", texts[0], KIND_TEXT),
    COPIED("domain", texts[1], KIND_TEXT),
    COPIED("xmpp_password", texts[2], KIND_SECRET | KIND_OR_NULL),
    COPIED("done", numbers[0], KIND_INTEGER),
    COPIED("taken", numbers[1], KIND_INTEGER),
};

#endif
