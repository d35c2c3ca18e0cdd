/*
 * The shared key of an XMPP server and us, as its file has it: for the one-time token
 * (login_token.h) and for the JWT (jwt.h). Pure: the file is read by secret_file_read.
 */
#ifndef XMPP_LOGIN_KEY_H
#define XMPP_LOGIN_KEY_H

#include "base/error.h"
#include "base/strbuf.h"

#define LOGIN_KEY_MIN 32 /* bytes: RFC 7518 3.2, a key as long as the hash */
#define LOGIN_KEY_MAX 512

/*
 * text: the key in base64url, or a JWK of kind "oct" (RFC 7517, RFC 7518 6.4), which is what
 * ejabberd reads, in one line. The key's bytes are put into out, which should be a secret buffer.
 * STATUS_BAD_REQUEST: it is neither, or too short; the sentence quotes nothing of it.
 */
enum status login_key_parse(const char *text, struct strbuf *out, struct error *err);

#endif
