/*
 * What proxies say. Lines: the peer, Forwarded, X-Forwarded-For, -Proto and -Host; "-": absent.
 * Oracle: without a trusted peer nothing counts, and an address that counts is one.
 */
#include "fuzz.h"

#include "base/address.h"
#include "web/forwarded.h"

static const char *or_absent(const char *line)
{
	return strcmp(line, "-") == 0 ? NULL : line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char v4[] = "192.0.2.0/24", v6[] = "2001:db8::/32", local[] = "127.0.0.1";
	static char *const nets[] = {v4, v6, local};
	const struct forwarded_trust trust = {nets, 3}, nobody = {nets, 0};
	struct forwarded out = {0}, none = {0};
	struct address_net net;
	char *lines[5];

	fuzz_lines(data, size, lines, 5);
	const struct forwarded_headers headers = {
	    .peer = lines[0],
	    .forwarded = or_absent(lines[1]),
	    .x_for = or_absent(lines[2]),
	    .x_proto = or_absent(lines[3]),
	    .x_host = or_absent(lines[4]),
	};
	bool trusted = false;
	for (size_t i = 0; i < 3; i++)
		trusted |= address_net_parse(nets[i], &net, NULL) == STATUS_OK &&
			   address_in_net(lines[0], &net);
	enum status status = forwarded_read(&headers, &trust, &out, NULL);
	ORACLE(trusted || (status == STATUS_OK && !out.counts && out.address == NULL));
	ORACLE(status != STATUS_OK || out.counts || (out.proto == NULL && out.host == NULL));
	ORACLE(status != STATUS_OK || out.address == NULL || address_is_valid(out.address));
	ORACLE(forwarded_read(&headers, &nobody, &none, NULL) == STATUS_OK && !none.counts);
	forwarded_clear(&out);
	forwarded_clear(&none);
	fuzz_lines_free(lines, 5);
	return 0;
}
