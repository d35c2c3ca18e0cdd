/*
 * Writes an answer as FastCGI records (specification, 3.3, 5.3 and 5.5), in one write up to 64 KiB.
 * libfcgi's streams send every 8 KiB, which wakes the web server for each piece of a page. libfcgi
 * reads the requests.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "web/server_parts.h"

#define RECORD_VERSION 1
#define RECORD_BEGIN   1 /* FCGI_BEGIN_REQUEST */
#define RECORD_END     3 /* FCGI_END_REQUEST */
#define RECORD_PARAMS  4
#define RECORD_STDOUT  6
#define RECORD_MAX     65535 /* bytes of content: the length field has 16 bits */

struct record {
	unsigned char version;
	unsigned char type;
	unsigned char id[2];
	unsigned char len[2];
	unsigned char padding;
	unsigned char reserved;
};

/* The end of the output and of the request: status 0, complete. */
struct ending {
	struct record output;
	struct record request;
	unsigned char status[8];
};

static struct record record_of(unsigned char type, int id, size_t len)
{
	return (struct record){
	    .version = RECORD_VERSION,
	    .type = type,
	    .id = {(unsigned char)(id >> 8),  (unsigned char)id },
	    .len = {(unsigned char)(len >> 8), (unsigned char)len},
	};
}

bool pieces_write(int fd, struct iovec *pieces, int count)
{
	while (count > 0) {
		ssize_t put = writev(fd, pieces, count);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		for (; count > 0 && (size_t)put >= pieces->iov_len; count--)
			put -= (ssize_t)(pieces++)->iov_len;
		if (count > 0) {
			pieces->iov_base = (char *)pieces->iov_base + put;
			pieces->iov_len -= (size_t)put;
		}
	}
	return true;
}

/* Takes the next part of *from that fits into room, and advances *from. */
static struct iovec take(struct iovec *from, size_t room)
{
	struct iovec taken = *from;

	if (taken.iov_len > room)
		taken.iov_len = room;
	from->iov_base = (char *)from->iov_base + taken.iov_len;
	from->iov_len -= taken.iov_len;
	return taken;
}

bool records_write(int fd, int id, const struct answer *answer, bool ends)
{
	struct ending ending = {
	    .output = record_of(RECORD_STDOUT, id, 0),
	    .request = record_of(RECORD_END, id, sizeof(ending.status)),
	};
	struct answer left = *answer;
	bool written, last;

	do {
		struct iovec head = take(&left.head, RECORD_MAX);
		struct iovec body = take(&left.body, RECORD_MAX - head.iov_len);
		size_t len = head.iov_len + body.iov_len;
		struct record record = record_of(RECORD_STDOUT, id, len);

		last = left.head.iov_len + left.body.iov_len == 0;
		struct iovec pieces[] = {
  /* an empty record would end the output */
		    {&record, len > 0 ? sizeof(record) : 0     },
		    head,
		    body,
		    {&ending, ends && last ? sizeof(ending) : 0},
		};
		written = pieces_write(fd, pieces, 4);
	} while (written && !last);
	return written;
}

/* ---- the check of the parameters ---- */

#define LOOK_SIZE 4096 /* bytes looked at in one step; as a rule that is all */

/*
 * The position in the stream of records. It moves byte by byte, because the data may end inside a
 * record.
 */
struct look {
	unsigned char head[8]; /* the record's header */
	size_t head_len;
	size_t content, padding; /* what is left of the record */

	/* FCGI_PARAMS, 3.4: two lengths of one or four bytes, then a name and a value */
	unsigned char length[4];
	size_t length_len;
	int lengths; /* how many of the two lengths are known */
	size_t text; /* bytes left of the name and the value */
	bool ended, found;
};

static void look_at_param(struct look *look, unsigned char c)
{
	if (look->lengths == 2) {
		look->found |= c == '\0';
		if (--look->text == 0)
			look->lengths = 0;
		return;
	}
	look->length[look->length_len++] = c;
	if ((look->length[0] & 0x80) != 0 && look->length_len < 4)
		return;
	const unsigned char *l = look->length;
	size_t len = look->length_len == 1 ? l[0]
					   : (size_t)(l[0] & 0x7f) << 24 | (size_t)l[1] << 16 |
						 (size_t)l[2] << 8 | l[3];
	look->length_len = 0;
	look->text = (look->lengths == 0 ? 0 : look->text) + len;
	look->lengths++;
	if (look->lengths == 2 && look->text == 0)
		look->lengths = 0;
}

/* The parameters end with an empty record. A record of another type ends the check too. */
static void look_at_head(struct look *look)
{
	look->head_len = 0;
	look->content = (size_t)look->head[4] << 8 | look->head[5];
	look->padding = look->head[6];
	look->ended =
	    look->head[1] == RECORD_PARAMS ? look->content == 0 : look->head[1] != RECORD_BEGIN;
}

static void look_at(struct look *look, unsigned char c)
{
	if (look->content > 0) {
		look->content--;
		if (look->head[1] == RECORD_PARAMS)
			look_at_param(look, c);
	} else if (look->padding > 0) {
		look->padding--;
	} else {
		look->head[look->head_len++] = c;
		if (look->head_len == sizeof(look->head))
			look_at_head(look);
	}
}

bool records_hold_nul(int fd)
{
	unsigned char bytes[LOOK_SIZE];
	struct look look = {.ended = false};
	int begin = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &begin, sizeof(begin)) != 0)
		return false;
	while (!look.ended && !look.found) {
		ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_PEEK);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got && !look.ended; i++)
			look_at(&look, bytes[i]);
	}
	return look.found;
}
