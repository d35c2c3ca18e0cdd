/*
 * The key that we share with the XMPP server, in the form its file has. It is used for the one-time
 * token (login_token.h) and the JWT (jwt.h). Pure: secret_file_read reads the file.
 */
#ifndef XMPP_LOGIN_KEY_H
#define XMPP_LOGIN_KEY_H

#include "base/error.h"
#include "base/strbuf.h"

#define LOGIN_KEY_MIN 32 /* bytes: RFC 7518, 3.2 wants a key as long as the hash */
#define LOGIN_KEY_MAX 512

/*
 * Reads a key in base64url, or a JWK of kind "oct" in one line (RFC 7517; RFC 7518, 6.4), as
 * ejabberd does. Appends the key's bytes to out, which should be a secret buffer.
 * STATUS_BAD_REQUEST: neither form, or a wrong length; the sentence does not quote the text.
 */
enum status login_key_parse(const char *text, struct strbuf *out, struct error *err);

#endif
