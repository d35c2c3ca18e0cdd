/*
 * The protocol between an XMPP server and a program that checks its passwords. In ejabberd's
 * extauth, a query is two bytes of length (big endian), then the text. The answer is the bytes 0 2
 * 0 and then 0 or 1. In Prosody's mod_auth_external (protocol "generic"), a query is a line, and
 * the answer is a line with 0 or 1. This file does not look up users.
 */
#ifndef EXTAUTH_PACKET_H
#define EXTAUTH_PACKET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The maximum size of a packet in bytes. This is enough for a verb, a localpart and a domain of
 * 1023 bytes each, a password of 1024 bytes, and three colons. A longer packet is read to its end
 * and refused.
 */
#define PACKET_MAX 4096

enum packet_framing { PACKET_LENGTH, PACKET_LINE };

struct packet_stream {
	int in; /* both descriptors are borrowed */
	int out;
	enum packet_framing framing;
	unsigned char buffer[512]; /* bytes read but not used yet; wiped after use */
	size_t next;
	size_t len;
};

struct packet {
	char text[PACKET_MAX + 1];
	size_t len;
};

enum packet_result {
	PACKET_READ,
	PACKET_TOO_LONG, /* skipped, but the server still expects an answer */
	PACKET_END,      /* end of the input */
	PACKET_CUT       /* end of the input inside a packet */
};

enum packet_result packet_read(struct packet_stream *stream, struct packet *out);
void packet_wipe(struct packet *packet);

/* Writes the answer. Returns false if the XMPP server has closed the stream. */
bool packet_answer(const struct packet_stream *stream, bool yes);

enum question_verb { QUESTION_AUTH, QUESTION_ISUSER, QUESTION_OTHER };

struct question {
	enum question_verb verb;
	const char *name;     /* the verb as sent; all strings are borrowed from the packet */
	const char *user;     /* only for AUTH and ISUSER */
	const char *host;     /* only for AUTH and ISUSER */
	const char *password; /* only for AUTH */
};

/*
 * Parses the query "auth:USER:HOST:PASSWORD" (the password can contain colons), "isuser:USER:HOST",
 * or another verb. Writes NULs into the packet. Returns false if the query is malformed or contains
 * a NUL.
 */
bool question_parse(struct packet *packet, struct question *out);

#endif
