// A fact that several files need is written in one of them. Each row is such a fact, how the code would spell it, and its
// home. Comments and the words of sentences may name it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { find, none, read, withoutComments } from "./repository.mjs";

const SOURCES = find("cgi", /\.[ch]$/);

const HOMES = [
	["the names of SASL mechanisms", /"(SCRAM-SHA-1|SCRAM-SHA-256|PLAIN|X-OAUTH2)[" ]/, "cgi/xmpp/sasl.h"],
	["the characters with a meaning in markup", /"&<>\\"'"/, "cgi/base/codec.c"],
	["the placeholder of bosh_url", /"[^"\n]*\{hostname\}/, "cgi/conf/placeholder.h"],
	["the placeholder of resource", /"\{random\}/, "cgi/conf/placeholder.h"],
	["the names of the identity providers", /"(site_session|php_session|remote_user)"|(name|initial|_SOURCE) (= )?"(login|token)"|_provider\(\w+, "|strcmp\(.*"login"/, "cgi/conf/conf.h"],
	["the attributes of our cookies", /SameSite=/, "cgi/page/cookie.c"],
	["the names of our cookies", /"-(login|device|sent|insecure)"/, "cgi/conf/cookie_name.c"],
	["the header Retry-After, from the error", /response_header\w*\(.*HEADER_RETRY_AFTER/, "cgi/page/error.c"],
	["which addresses are loopback", /"127\.|IN6_IS_ADDR_LOOPBACK|== 127\b|, 127\}/, "cgi/base/address.c"],
	["the counts of attempts to log in", /"login(_device)?"[,}]? *\.key|scope = "login/, "cgi/identity/login_count.c"],
	["waits by the monotonic clock", /pthread_(cond|mutex)_(clock|timed)\w+\(|setclock/, "cgi/base/blocking.c"],
];

for (const [fact, spelling, home] of HOMES) {
	test(`${fact}: only in ${home}`, () => {
		const users = SOURCES.filter((file) => spelling.test(withoutComments(read(file))));
		assert.ok(users.includes(home), `${home} no longer spells it as this test reads it`);
		none(users.filter((file) => file !== home), "take it from its home:");
	});
}
