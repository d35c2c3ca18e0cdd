// Tigase's REST call in front of a real Prosody: the curl lines of Tigase's documentation get a session that any HTTP
// client goes on with; and a second instance of ours takes the first one for a Tigase, in JSON and in XML.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { addCaller, CALLER, startChain } from "../lib/chain.mjs";
import { DOMAIN, startChat } from "../lib/chat.mjs";
import { dataBlock, httpRequest, SCRIPT, Visitor } from "../lib/http.mjs";
import { startLighttpd } from "../lib/lighttpd.mjs";
import { Place } from "../lib/place.mjs";
import { meaningOf } from "../lib/recorded.mjs";
import { freePorts } from "../lib/wait.mjs";

const ROSTER = "<iq xmlns='jabber:client' type='get' id='roster-1'><query xmlns='jabber:iq:roster'/></iq>";

/** Asks for the roster on a session, as a browser would: through the web server. */
async function assertLives(webPort, { sid, rid }) {
	const answer = await httpRequest({
		port: webPort,
		path: "/http-bind",
		method: "POST",
		headers: { "Content-Type": "text/xml; charset=utf-8" },
		body: `<body rid='${rid}' sid='${sid}' xmlns='http://jabber.org/protocol/httpbind'>${ROSTER}</body>`,
	});
	assert.equal(answer.status, 200);
	assert.match(answer.body, /id='roster-1'/);
	assert.match(answer.body, new RegExp(`<item [^>]*jid='bob@${DOMAIN}'`));
}

/** Tigase's client counts on from the rid it got. */
const next = ({ sid, rid }) => ({ sid, rid: String(BigInt(rid) + 1n) });

describe("in front of Prosody", () => {
	let place, root, chat, rootPort, password;

	before(async () => {
		place = new Place();
		root = new Place();
		chat = await startChat(place, {
			site: { hosts: "127.0.0.1", gateway: "on" },
			sites: { api: { hosts: "localhost", base_path: "/", gateway: "on" } },
		});
		password = await addCaller(chat.prebind, CALLER, { sites: ["default", "api"] });
		// the documentation's path stands at the root: a site of its own, of which only this address is served
		[rootPort] = await freePorts(1);
		await startLighttpd(root, {
			port: rootPort,
			modules: ["mod_fastcgi"],
			more: `fastcgi.server = ("/rest/adhoc" => (("socket" => "${chat.prebind.socket}", "check-local" => "disable")))`,
		});
	});
	after(async () => {
		await root.close();
		await place.close({ logs: false });
	});

	/** curl, as documented: -d @FILE takes newlines out of the file. */
	async function curl(args, { host = "127.0.0.1", port = chat.webPort, mount = "/chat" } = {}) {
		const url = `http://admin%40${DOMAIN}:${password}@${host}:${port}${mount}/rest/adhoc/bosh@${DOMAIN}`;
		const { code, stdout, stderr } = await place.run(["curl", "-sS", "-i", ...args, url]);
		assert.equal(code, 0, stderr);
		const [head, body] = stdout.split(/\r\n\r\n(.*)/s);
		return {
			status: Number(head.split(" ")[1]),
			headers: { "content-type": /^content-type: (.*?)\r?$/im.exec(head)?.[1] },
			body,
		};
	}

	const document = (from) => `<command>
  <node>pre-bind-bosh-session</node>
  <fields>
    <item>
      <var>from</var>
      <value>${from}</value>
    </item>
    <item>
      <var>hold</var>
      <value>1</value>
    </item>
    <item>
      <var>wait</var>
      <value>60</value>
    </item>
  </fields>
</command>
`;

	const json = (from) => `{
  "command" : {
    "node" : "pre-bind-bosh-session",
    "fields" : [
      {
        "var" : "from",
        "value" : "${from}"
      },
      {
        "var" : "hold",
        "value" : "1"
      },
      {
        "var" : "wait",
        "value" : "60"
      }
    ]
  }
}
`;

	async function assertDocumented(answer, { format, from }) {
		const { status, kind, format: got, fields } = meaningOf(answer);
		assert.equal(status, 200, answer.body);
		assert.equal(kind, "session", answer.body);
		assert.equal(got, format);
		assert.deepEqual(Object.keys(fields), ["from", "hostname", "rid", "sid", "hold", "wait"]);
		assert.match(fields.from, from);
		assert.deepEqual([fields.hold, fields.wait], ["1", "60"]);
		await assertLives(chat.webPort, next(fields));
	}

	test("the documented curl line with the documented XML", async () => {
		const file = place.write("prebind", document(`alice@${DOMAIN}/web1`));
		const args = ["-X", "POST", "-d", `@${file}`, "--header", "Content-Type:text/xml"];
		await assertDocumented(await curl(args), { format: "xml", from: new RegExp(`^alice@${DOMAIN}/web1$`) });
		await assertDocumented(await curl(args, { host: "localhost", port: rootPort, mount: "" }),
			{ format: "xml", from: new RegExp(`^alice@${DOMAIN}/web1$`) });
	});

	test("the same in JSON", async () => {
		const file = place.write("prebind.json", json(`alice@${DOMAIN}`));
		const args = ["-X", "POST", "-d", `@${file}`, "--header", "Content-Type:application/json"];
		await assertDocumented(await curl(args), { format: "json", from: new RegExp(`^alice@${DOMAIN}/web-[0-9a-f]{16}$`) });
	});

	test("the list of commands", async () => {
		for (const [args, format] of [[[], "xml"], [["--header", "Content-Type: application/json"], "json"]])
			assert.deepEqual(meaningOf(await curl(args)), { status: 200, kind: "list", format, fields: {} });
	});

	test("an account without an XMPP password is no account", async () => {
		const file = place.write("prebind", document(`carol@${DOMAIN}/web1`));
		const answer = await curl(["-d", `@${file}`, "--header", "Content-Type:text/xml"]);
		assert.match(meaningOf(answer).fields.Error, /no account/);
	});
});

for (const format of ["json", "xml"]) {
	describe(`as another instance's Tigase, in ${format}`, () => {
		let place, chain;

		before(async () => {
			place = new Place();
			chain = await startChain(place, { format });
		});
		after(() => place.close({ logs: false }));

		test("prebindctl prebind", async () => {
			const session = JSON.parse(await chain.prebind.ctlOk(["prebind", "alice", "--json"]));
			assert.match(session.jid, new RegExp(`^alice@${DOMAIN}/web-[0-9a-f]{16}$`));
			await assertLives(chain.webPort, session);
		});

		test("prebindctl check finds everything in order", async () => {
			const { code, stdout } = await chain.prebind.ctl(["check", "--deep"]);
			assert.equal(code, 0, stdout);
		});

		test("the page and its JSON", async () => {
			const visitor = new Visitor(({ path, ...request }) =>
				httpRequest({ port: chain.webPort, path: `/chat${path}`, ...request }));
			assert.equal((await visitor.login("alice", chain.users.alice)).status, 303);
			await assertLives(chain.webPort, dataBlock((await visitor.get("/")).body));
			await assertLives(chain.webPort, JSON.parse((await visitor.get("/prebind.json", SCRIPT)).body));
		});

		test("what goes wrong at the first is told at the second", async () => {
			await chain.prebind.ctlOk(["user", "add", "carol", "--password-stdin"], { input: "another password\n" });
			const nobody = await chain.prebind.ctl(["prebind", "carol", "--json"]);
			assert.equal(JSON.parse(nobody.stdout).error, "chat_server");
			assert.match(nobody.stderr, /no account/);
			await chain.first.prebind.ctlOk(["gateway", "disable", CALLER]);
			const refused = await chain.prebind.ctl(["prebind", "alice"]);
			assert.match(refused.stderr, /401/);
			await chain.first.prebind.ctlOk(["gateway", "enable", CALLER]);
			assert.equal((await chain.prebind.ctl(["prebind", "alice"])).code, 0);
		});
	});
}
