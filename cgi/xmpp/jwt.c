/*
 * HS256 JWTs in the compact form (RFC 7515, 7.1): three base64url texts joined by dots. The MAC
 * covers the first two texts and the dot between them.
 */
#include "xmpp/jwt.h"

#include <string.h>

#include "base/codec.h"
#include "base/json.h"

static const char hs256_header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

void jwt_sign(const struct secret_part *key, const struct secret_part *header,
	      const struct secret_part *payload, struct strbuf *out)
{
	unsigned char mac[SECRET_SHA256_LEN];
	size_t start = out->len;

	codec_base64url(out, header->data, header->len);
	strbuf_addc(out, '.');
	codec_base64url(out, payload->data, payload->len);
	if (!strbuf_ok(out))
		return;
	const struct secret_part signed_text = {out->data + start, out->len - start};
	secret_hmac_keyed(mac, key, &signed_text, 1);
	strbuf_addc(out, '.');
	codec_base64url(out, mac, sizeof(mac));
}

enum status jwt_make(const struct secret_part *key, const struct jwt_claims *claims,
		     struct strbuf *out, struct error *err)
{
	const struct secret_part header = {hs256_header, sizeof(hs256_header) - 1};
	struct strbuf payload;
	struct json_writer w;

	strbuf_init(&payload);
	json_writer_init(&w, &payload);
	json_open_object(&w, NULL);
	json_put_string(&w, "jid", claims->jid);
	json_put_integer(&w, "iat", claims->issued);
	json_put_integer(&w, "exp", claims->expires);
	json_close_object(&w);
	bool ok = strbuf_ok(&payload);
	if (ok) {
		const struct secret_part text = {payload.data, payload.len};

		jwt_sign(key, &header, &text, out);
		ok = strbuf_ok(out);
	}
	strbuf_clear(&payload);
	return ok ? STATUS_OK : error_no_memory(err);
}
