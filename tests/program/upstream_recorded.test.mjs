// Every recorded answer of a real Tigase, through the whole program: the session in it, or a sentence of its own. A
// recording without a row fails.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { recording, recordings, startTigasePeer } from "../peers/tigase_peer.mjs";

const JID = "alice@example.test/web1";
const SESSION = null;

const A_LIST = /list of commands/;
const FORM = /empty form/;
const DOMAIN = /Domain of the JID doesn't exists.*virtual host/;
const INVALID_JID = /regards the JID as invalid.*returned no results/;
const STREAM = /break Tigase's streams.*resource/;
const HTTP = {
	401: /HTTP 401.*tigase_password_file/,
	403: /HTTP 403.*tigase_api_key_file/,
	404: /HTTP 404.*tigase_url.*tigase_user/,
	405: /HTTP 405.*tigase_url/,
	500: /HTTP 500.*Tigase's log/,
	504: /HTTP 504.*component/,
};
const NO_ANSWER = /no complete answer within \d+ ms/;

/** SESSION, or what the sentence says. */
const rows = {
	"001-get-list-commands": A_LIST,
	"002-get-list-json": A_LIST,
	"010-xml-full-jid": SESSION,
	"011-xml-bare-jid": SESSION,
	"012-xml-ct-application-xml": SESSION,
	"013-xml-ct-charset": SESSION,
	"014-xml-no-hold-wait": SESSION,
	"015-xml-with-declaration": SESSION,
	"016-xml-utf8-resource": SESSION,
	"017-xml-utf8-resource-no-charset": SESSION,
	"018-xml-entities-in-resource": STREAM,
	"019-xml-uppercase-jid": SESSION,
	"020-json-full-jid": SESSION,
	"021-json-bare-jid": SESSION,
	"022-json-ct-charset": SESSION,
	"023-json-ct-text-json": SESSION,
	"024-json-seed-typo": HTTP[500],
	"025-json-number-values": HTTP[500],
	"026-json-array-value": SESSION,
	"027-json-fields-object": HTTP[500],
	"028-json-fields-item-object": HTTP[500],
	"029-json-truncated": HTTP[500],
	"030-json-no-command-key": HTTP[500],
	"031-json-array-top": HTTP[404],
	"032-json-missing-from": FORM,
	"033-json-unknown-domain": DOMAIN,
	"034-json-unknown-node": HTTP[404],
	"035-json-body-labelled-xml": HTTP[500],
	"036-xml-body-labelled-json": HTTP[500],
	"040-auth-none": HTTP[401],
	"041-auth-wrong-password": HTTP[401],
	"042-auth-unknown-user": HTTP[401],
	"043-auth-user-without-domain": HTTP[401],
	"044-auth-percent-encoded-user": HTTP[401],
	"045-auth-non-admin": HTTP[404],
	"046-auth-full-jid": SESSION,
	"047-auth-no-colon": HTTP[500],
	"048-auth-bad-base64": HTTP[500],
	"049-auth-bearer": HTTP[401],
	"050-xml-unknown-domain": DOMAIN,
	"051-xml-unknown-user": SESSION,
	"052-xml-missing-from": FORM,
	"053-xml-empty-from": FORM,
	"054-xml-no-fields": FORM,
	"055-xml-empty-fields": FORM,
	"056-xml-from-no-value": FORM,
	"057-xml-no-node": HTTP[404],
	"058-xml-unknown-node": HTTP[404],
	"059-xml-malformed": HTTP[500],
	"060-xml-wrong-root": HTTP[500],
	"061-xml-empty-command": HTTP[500],
	"062-xml-doctype-entity": HTTP[500],
	"063-xml-multi-value-from": SESSION,
	"064-xml-duplicate-from": SESSION,
	"065-xml-injection-in-value": STREAM,
	"066-no-content-type": HTTP[500],
	"067-ct-form": HTTP[500],
	"068-ct-text-plain": HTTP[500],
	"069-empty-body": HTTP[500],
	"070-chunked-request": HTTP[500],
	"071-http10": SESSION,
	"080-hold0-wait0": SESSION,
	"081-hold-1-wait-1": SESSION,
	"082-hold9999-wait9999": SESSION,
	"083-hold-abc-wait-abc": SESSION,
	"084-hold-empty-wait-empty": SESSION,
	"085-hold1-wait10": SESSION,
	"086-hold-wait-overflow": SESSION,
	"090-badjid-at-at": INVALID_JID,
	"091-badjid-space-in-local": INVALID_JID,
	"092-domain-only-jid": /a JID that is not valid: "example\.test\//,
	"093-domain-resource-jid": /a JID that is not valid: "example\.test\//,
	"094-jid-with-surrounding-spaces": INVALID_JID,
	"095-resource-1100-bytes": /resource is longer than 1023 bytes/,
	"100-unknown-component-local": HTTP[404],
	"101-unknown-component-domain": HTTP[404],
	"102-domain-only-target": NO_ANSWER,
	"102-domain-only-target-long": HTTP[504],
	"103-component-subdomain": HTTP[404],
	"104-other-component": NO_ANSWER,
	"104-other-component-long": HTTP[504],
	"105-path-percent-encoded": SESSION,
	"106-path-trailing-slash": HTTP[404],
	"107-path-double-slash": HTTP[404],
	"108-wrong-path": HTTP[404],
	"109-wrong-context": HTTP[405],
	"110-method-put": HTTP[404],
	"111-method-delete": HTTP[404],
	"112-method-head": HTTP[404],
	"113-method-options": HTTP[404],
	"114-type-param-json": SESSION,
	"115-expect-100": SESSION,
	"116-connection-close": SESSION,
	"117-keepalive-idle": A_LIST,
	"130-apikey-module-commands": A_LIST,
	"131-apikey-add-form": /another command \("api-key-add"\)/,
	"140-apikey-missing": HTTP[403],
	"141-apikey-query-ok": SESSION,
	"142-apikey-header-ok": SESSION,
	"143-apikey-wrong": HTTP[403],
	"144-apikey-ok-no-basic": HTTP[401],
	"145-apikey-ok-wrong-password": HTTP[401],
	"146-apikey-regex-ok": SESSION,
	"147-apikey-regex-mismatch": HTTP[403],
	"148-apikey-domain-mismatch": HTTP[403],
	"149-apikey-domain-ok": HTTP[403],
	"150-apikey-path-encoded": HTTP[403],
	"151-apikey-missing-wrong-password": HTTP[403],
	"152-apikey-twice": HTTP[403],
	"153-apikey-encoded-value": SESSION,
};

let place, peer, prebind;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	const site = (name, keys) => ({ ...peer.site(place), hosts: `${name}.example.org`, resource: "server", ...keys });
	prebind = new Prebind(place, {
		site: { hosts: "example.org", ...peer.site(place) },
		sites: {
			json: site("json", { tigase_format: "json" }),
			xml: site("xml", { tigase_format: "xml" }),
			hurried: site("hurried", { tigase_format: "xml", timeout: "300ms" }),
		},
	});
	await prebind.prepare();
});
after(() => place.close());

/** The value of a field, in either format. */
function field(text, name) {
	const json = new RegExp(`"var": "${name}",[^{}]*"value": "([^"]*)"`).exec(text);
	return (json ?? new RegExp(`<var>${name}</var>[^]*?<value>([^<]*)</value>`).exec(text))[1];
}

/** One bind, answered with the recording. */
async function bind(name) {
	const text = recording(name).toString();
	const jid = rows[name] === SESSION ? field(text, "from") : JID;
	const site = rows[name] === NO_ANSWER ? "hurried" : /^content-type: application\/json/im.test(text) ? "json" : "xml";
	const first = peer.binds;
	peer.answer(name);
	const run = await prebind.bind(jid, site);
	peer.answer(null);
	assert.equal(peer.binds - first, 1, "one POST, whatever the answer");
	return { ...run, text };
}

test("every recording has a row, and every row its recording", () => {
	assert.deepEqual(Object.keys(rows).sort(), recordings().sort());
});

describe("a session", () => {
	for (const name of Object.keys(rows).filter((key) => rows[key] === SESSION)) {
		test(name, async () => {
			const { code, stderr, text, answer } = await bind(name);
			assert.equal(code, 0, stderr);
			assert.equal(answer.jid, field(text, "from").replace(/^[^/]*/, (bare) => bare.toLowerCase()), "as it is prepared");
			assert.equal(answer.sid, field(text, "sid"));
			assert.equal(answer.rid, String(Number(field(text, "rid")) + 1), "the next one");
			assert.deepEqual([answer.hold, answer.wait], [1, 60], "what we asked for, not what it echoes");
		});
	}
});

describe("an error", () => {
	for (const name of Object.keys(rows).filter((key) => rows[key] !== SESSION)) {
		test(name, async () => {
			const { code, stdout, stderr, text, answer } = await bind(name);
			assert.equal(code, 1);
			assert.match(stderr, rows[name]);
			assert.match(stderr, /^prebindctl: [^\n]+\n$/, "one sentence");
			assert.equal(answer.error, [HTTP[504], NO_ANSWER].includes(rows[name]) ? "chat_timeout" : "chat_server");
			const secrets = ["adminpass", ...(/\bsid\b/i.test(text) ? [field(text, "sid")] : [])];
			for (const secret of secrets)
				assert.equal((stdout + stderr).includes(secret), false, secret);
		});
	}
});
