/*
 * Addresses and networks: what is read, what is refused, what is inside.
 */
#include "unit.h"

#include "base/address.h"

TEST(test_inside)
{
	static const struct {
		const char *net, *address;
		bool inside;
	} rows[] = {
	    {"192.0.2.1",        "192.0.2.1",        true },
	    {"192.0.2.1",        "192.0.2.2",        false},
	    {"192.0.2.1",        "::ffff:192.0.2.1", true },
	    {"::ffff:192.0.2.1", "192.0.2.1",        true },
	    {"192.0.2.0/24",     "192.0.2.255",      true },
	    {"192.0.2.0/24",     "192.0.3.0",        false},
	    {"192.0.2.128/25",   "192.0.2.127",      false},
	    {"192.0.2.128/25",   "192.0.2.128",      true },
	    {"0.0.0.0/0",        "203.0.113.9",      true },
	    {"0.0.0.0/0",        "2001:db8::1",      false},
	    {"::/0",             "2001:db8::1",      true },
	    {"2001:db8::/32",    "2001:db8:ffff::1", true },
	    {"2001:db8::/32",    "2001:db9::1",      false},
	    {"2001:db8::1",      "2001:DB8:0::1",    true },
	    {"fe80::/10",        "fe80::1%eth0",     true },
	    {"127.0.0.0/8",      "",                 false},
	    {"127.0.0.0/8",      "localhost",        false},
	    {"127.0.0.0/8",      "127.0.0.1 ",       false},
	    {"127.0.0.0/8",      "127.1",            false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address_net net;

		assert_ok(address_net_parse(rows[i].net, &net, ERR));
		if (address_in_net(rows[i].address, &net) != rows[i].inside)
			fail_msg("%s in %s", rows[i].address, rows[i].net);
	}
}

TEST(test_refused)
{
	static const char *const texts[] = {
	    "",
	    "192.0.2",
	    "192.0.2.256",
	    "192.0.2.0/33",
	    "192.0.2.0/",
	    "192.0.2.0/-1",
	    "192.0.2.0/24x",
	    "192.0.2.0/024 ",
	    "192.0.2.1/24",
	    "2001:db8::1/32",
	    "2001:db8::/129",
	    "example.org",
	    "192.0.2.1,192.0.2.2",
	    "fe80::1%eth0",
	    "/24",
	    "0000000000000000000000000000000000000000000000000000000000000000:1"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct address_net net;
		struct error err = {0};

		if (address_net_parse(texts[i], &net, &err) != STATUS_BAD_REQUEST)
			fail_msg("'%s' was taken", texts[i]);
		assert_non_null(strstr(err.text, texts[i]));
	}
}

TEST(test_loopback)
{
	static const struct {
		const char *address;
		bool loopback;
	} rows[] = {
	    {"127.0.0.1",            true },
	    {"127.255.255.255",      true },
	    {"::1",                  true },
	    {"0:0:0:0:0:0:0:1",      true },
	    {"::1%lo",               true },
	    {"::ffff:127.0.0.1",     true },
	    {"126.255.255.255",      false},
	    {"128.0.0.1",            false},
	    {"::",		   false},
	    {"::2",                  false},
	    {"::127.0.0.1",          false},
	    {"::ffff:128.0.0.1",     false},
	    {"127.evil.example.org", false},
	    {"127.1",                false},
	    {"localhost",            false},
	    {"",		     false},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (address_is_loopback(rows[i].address) != rows[i].loopback)
			fail_msg("%s", rows[i].address);
}
