/*
 * Writes an answer as FastCGI records (specification, 3.3, 5.3 and 5.5), in one write up to 64 KiB.
 * libfcgi's streams send every 8 KiB, which wakes the web server for each piece of a page. libfcgi
 * reads the requests.
 */
#include <errno.h>
#include <sys/uio.h>

#include "serve/server_parts.h"

#define RECORD_VERSION 1
#define RECORD_END     3 /* FCGI_END_REQUEST */
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
