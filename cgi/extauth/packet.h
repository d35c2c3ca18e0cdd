/*
 * What an XMPP server sends to a program that checks its passwords, and what it gets back.
 * ejabberd's extauth: two bytes of length (big endian), then the text; the answer is 0 2 0 and 0 or
 * 1. Prosody's mod_auth_external (protocol "generic"): a line, answered by a line with 0 or 1.
 * Knows no user.
 */
#ifndef EXTAUTH_PACKET_H
#define EXTAUTH_PACKET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A verb, a localpart and a domain of 1023 bytes, a password of 1024 and three colons fit well.
 * What is longer is read to its end and refused.
 */
#define PACKET_MAX 4096

enum packet_framing { PACKET_LENGTH, PACKET_LINE };

struct packet_stream {
	int in; /* descriptors; borrowed */
	int out;
	enum packet_framing framing;
	unsigned char buffer[512]; /* read and not looked at yet; wiped when it was */
	size_t next;
	size_t len;
};

struct packet {
	char text[PACKET_MAX + 1];
	size_t len;
};

enum packet_result {
	PACKET_READ,
	PACKET_TOO_LONG, /* skipped; an answer is owed all the same */
	PACKET_END,      /* nobody asks any more */
	PACKET_CUT       /* that, in the middle of a question */
};

enum packet_result packet_read(struct packet_stream *stream, struct packet *out);
void packet_wipe(struct packet *packet);

/* False: nobody reads any more. */
bool packet_answer(const struct packet_stream *stream, bool yes);

enum question_verb { QUESTION_AUTH, QUESTION_ISUSER, QUESTION_OTHER };

struct question {
	enum question_verb verb;
	const char *name;     /* the verb's, as it came; borrowed from the packet, as the others */
	const char *user;     /* AUTH, ISUSER */
	const char *host;     /* AUTH, ISUSER */
	const char *password; /* AUTH */
};

/*
 * "auth:USER:HOST:PASSWORD" (the password may hold colons), "isuser:USER:HOST", or anything else
 * with a verb. Cuts the packet's text up. False: it is none of these, or holds a NUL.
 */
bool question_parse(struct packet *packet, struct question *out);

#endif
