/*
 * prebindctl check --web: checks the host's name and addresses, the certificate and the clock.
 */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/web.h"

#define CONNECT_MS       3000
#define CERTIFICATE_DAYS 14 /* automatic renewal happens 30 days before the end */
#define DAY_S            86400

/* ---- addresses ---- */

/* Connects to the address. Returns 0 if something accepts the connection, otherwise the errno. */
static int try_address(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result = fd < 0 ? errno : 0;
	socklen_t size = sizeof(result);
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	if (fd < 0)
		return result;
	if (connect(fd, address->ai_addr, address->ai_addrlen) != 0)
		result = errno;
	if (result == EINPROGRESS) {
		int64_t until_ms = clock_monotonic_ms() + CONNECT_MS;
		int rc;
		do
			rc = poll(&ready, 1, (int)clock_left_ms(until_ms));
		while (rc < 0 && errno == EINTR);
		if (rc != 1)
			result = rc == 0 ? ETIMEDOUT : errno;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) != 0)
			result = errno;
	}
	close(fd);
	return result;
}

static void address_text(const struct addrinfo *address, char out[NI_MAXHOST])
{
	if (getnameinfo(address->ai_addr, address->ai_addrlen, out, NI_MAXHOST, NULL, 0,
			NI_NUMERICHOST) != 0)
		snprintf(out, NI_MAXHOST, "?");
}

struct reached {
	struct strbuf good; /* the addresses that accept a connection, separated by spaces */
	char bad[NI_MAXHOST];
	int why; /* errno of the failed connection to the address `bad` */
};

static void reach_all(const struct addrinfo *list, struct reached *out)
{
	for (const struct addrinfo *address = list; address != NULL; address = address->ai_next) {
		char text[NI_MAXHOST];
		int failed = try_address(address);

		address_text(address, text);
		if (failed == 0) {
			strbuf_addf(&out->good, "%s%s", out->good.len > 0 ? " " : "", text);
		} else {
			snprintf(out->bad, sizeof(out->bad), "%s", text);
			out->why = failed;
		}
	}
}

/*
 * True if this machine's network prevents the connection, for example because the machine has no
 * IPv6. Visitors could then still be able to connect.
 */
static bool is_our_network(const struct web *web, int why)
{
	return why == ENETUNREACH || why == EHOSTUNREACH || why == EADDRNOTAVAIL ||
	       why == EAFNOSUPPORT || strcmp(web->at.host, "localhost") == 0;
}

static bool tell_reached(const struct web *web, const struct reached *reached)
{
	struct error said = {0};

	if (reached->good.len == 0) {
		error_set(&said, STATUS_UNAVAILABLE,
			  "%s: nothing accepts a connection at %s, port %ld (%s); start the web "
			  "server, or correct the address or the DNS record",
			  web->at.host, reached->bad, web->at.port, strerrordesc_np(reached->why));
	} else if (reached->bad[0] != '\0') {
		error_set(&said, STATUS_UNAVAILABLE,
			  "%s also has the address %s, but nothing accepts a connection to this "
			  "address on port %ld (%s); make the web server listen on this address, "
			  "or remove the DNS record",
			  web->at.host, reached->bad, web->at.port, strerrordesc_np(reached->why));
	} else {
		error_set(&said, STATUS_OK, "%s accepts connections at %s, port %ld", web->at.host,
			  reached->good.data, web->at.port);
	}
	if (reached->good.len > 0 && reached->bad[0] != '\0' && is_our_network(web, reached->why))
		report_note(web->report, "address", said.text);
	else if (reached->good.len == 0 && web->guessed)
		return false;
	else
		report_tell(web->report, "address", said.status, said.text);
	return reached->good.len > 0;
}

static void note_guess(const struct web *web, const char *why)
{
	struct error said = {0};

	error_set(&said, STATUS_OK,
		  "the web server was not tested, because %s cannot be reached (%s); give the "
		  "page's address with --web",
		  web->url, why);
	report_note(web->report, "web", said.text);
}

bool web_check_address(const struct web *web)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	struct reached reached = {.why = 0};
	struct error said = {0};
	char port[16];

	snprintf(port, sizeof(port), "%ld", web->at.port);
	int failed = getaddrinfo(web->at.host, port, &hints, &list);
	if (failed != 0 && web->guessed) {
		note_guess(web, gai_strerror(failed));
		return false;
	}
	if (failed != 0) {
		error_set(&said, STATUS_UNAVAILABLE,
			  "%s: this machine cannot find an address of this host (%s); correct "
			  "--web, or add the host to the DNS",
			  web->at.host, gai_strerror(failed));
		report_tell(web->report, "address", said.status, said.text);
		return false;
	}
	strbuf_init(&reached.good);
	reach_all(list, &reached);
	bool go_on = tell_reached(web, &reached);
	if (!go_on && web->guessed)
		note_guess(web, strerrordesc_np(reached.why));
	strbuf_clear(&reached.good);
	freeaddrinfo(list);
	return go_on;
}

/* ---- certificate and clock ---- */

/*
 * Reports when the certificate will expire. The certificate has not expired yet, because the
 * earlier request succeeded.
 */
void web_check_certificate(const struct web *web)
{
	int64_t days = (web->answer.certificate_ends - clock_wall()) / DAY_S;
	struct error said = {0};

	if (!web->at.https || web->answer.certificate_ends == 0)
		return;
	error_set(&said, STATUS_OK, "the certificate of %s is valid for another %" PRId64 " days%s",
		  web->at.host, days,
		  days < CERTIFICATE_DAYS
		      ? "; renew the certificate now, and find out why the automatic renewal did "
			"not happen"
		      : "");
	if (days < CERTIFICATE_DAYS)
		report_note(web->report, "tls", said.text);
	else
		report_tell(web->report, "tls", STATUS_OK, said.text);
}

void web_check_clock(const struct web *web)
{
	struct clock_seen seen = {.what = "clock", .whose = "the web server's"};
	char date[WEB_HEADER_MAX];

	web_header(&web->answer, "Date", date);
	seen.seconds = http_date_read(date);
	if (seen.seconds != 0)
		check_clock(web->report, &seen);
}
