// prebindctl people export: the site's people are each other's contacts without asking, on a real Prosody by mod_groups and on
// a real ejabberd by mod_shared_roster. Who leaves the site leaves the group. For Tigase the script calls a server that only
// records.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import { test } from "node:test";
import { BoshContact } from "../lib/bosh_contact.mjs";
import { Place } from "../lib/place.mjs";
import { askRoster, DOMAIN, endSession, startSite } from "../lib/xmpp_site.mjs";

const USERS = { alice: "alice's password", carol: "carol's password", dave: "dave's password" };
const API = `
api_permissions:
  "export":
    who:
      ip: 127.0.0.1/8
    what: [srg_create, srg_list, srg_get_members, srg_user_add, srg_user_del]
modules:
  mod_shared_roster: {}
`;
/** In the place of ejabberdctl, which needs a node with a name: the same commands by ejabberd's API. */
const CTL = `const [port, command, ...values] = process.argv.slice(2);
const names = { srg_create: "group host label description display", srg_list: "host", srg_get_members: "group host", srg_user_add: "user host group grouphost", srg_user_del: "user host group grouphost" };
const body = JSON.stringify(Object.fromEntries(names[command].split(" ").map((name, i) => [name, values[i]])));
const answer = await fetch(\`http://127.0.0.1:\${port}/api/\${command}\`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
if (!answer.ok) throw new Error(\`\${command}: \${answer.status} \${await answer.text()}\`);
const said = await answer.json();
if (Array.isArray(said)) for (const line of said) console.log(line);
`;

/** Runs a test in a place of its own. */
const scene = (name, run) => test(name, async () => {
	const place = new Place();
	try {
		await run(place);
	} finally {
		await place.close({ logs: true });
	}
});

const exported = (site, server, ...more) => site.prebind.ctlOk(["people", "export", "--for", server, ...more]);

async function roster(site, user) {
	const session = JSON.parse(await site.prebind.ctlOk(["prebind", user, "--json"]));
	const answer = await askRoster(site.port, session);
	await endSession(site.port, session);
	return [...answer.matchAll(/<item [^>]*jid=['"]([^@'"]*)@/g)].map(([, name]) => name).sort();
}

async function seeEachOther(site) {
	assert.deepEqual(await roster(site, "alice"), ["carol", "dave"]);
	const [alice, carol] = [await BoshContact.enter(site, "alice"), await BoshContact.enter(site, "carol")];
	await Promise.all([alice.sees("carol"), carol.sees("alice")]);
	await Promise.all([alice.leave(), carol.leave()]);
}

scene("Prosody, mod_groups", async (place) => {
	const file = place.write("groups.txt", "");
	const site = await startSite(place, { server: "prosody", way: "password", users: USERS, contacts: false, bosh: { '"bosh"': '"bosh", "groups"' }, more: `groups_file = "${file}"\n` });
	await site.prebind.ctlOk(["user", "display", "carol", "Carol [C] = x"]);
	assert.deepEqual(await roster(site, "alice"), []);
	assert.equal(await exported(site, "prosody"), `[Everybody]\nalice@${DOMAIN}=alice\ncarol@${DOMAIN}=Carol [C] = x\ndave@${DOMAIN}=dave\n`);
	fs.writeFileSync(file, await exported(site, "prosody"));
	await site.restartXmpp();
	await seeEachOther(site);
	await site.prebind.ctlOk(["user", "disable", "dave"]);
	fs.writeFileSync(file, await exported(site, "prosody"));
	await site.restartXmpp();
	assert.deepEqual(await roster(site, "alice"), ["carol"]);
});

scene("ejabberd, mod_shared_roster", async (place) => {
	const site = await startSite(place, { server: "ejabberd", way: "password", users: USERS, contacts: false, more: API });
	const ctl = `${process.execPath} ${place.write("bin/ctl.mjs", CTL, 0o644)} ${site.port}`;
	const apply = async () => {
		const { code, stderr } = await place.run(["sh", "-s"], { input: await exported(site, "ejabberd", "--group", "All of us"), env: { EJABBERDCTL: ctl, PATH: process.env.PATH } });
		assert.equal(code, 0, stderr);
	};
	assert.deepEqual(await roster(site, "alice"), []);
	await apply();
	await seeEachOther(site);
	await apply();
	await site.prebind.ctlOk(["user", "delete", "dave"]);
	await apply();
	assert.deepEqual(await roster(site, "alice"), ["carol"]);
});

scene("Tigase, one call for each pair, and only for what has changed", async (place) => {
	const site = await startSite(place, { server: "prosody", way: "password", users: USERS, contacts: false });
	const calls = [];
	const server = http.createServer((request, response) => {
		let body = "";
		request.on("data", (chunk) => (body += chunk));
		request.on("end", () => {
			const value = (name) => new RegExp(`<var>${name}</var><value>([^<]*)</value>`).exec(body)?.[1];
			calls.push(`${request.url} ${value("operationType")} ${value("rosterOwnerJID")} ${value("jidToManipulate")} ${value("groups")}`.replaceAll(`@${DOMAIN}`, ""));
			response.end("<command><fields><item><var>Note</var><value>Operation successful</value></item></fields></command>");
		});
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	const state = `${place.folder("state")}/members`;
	const env = { TIGASE_URL: `http://127.0.0.1:${server.address().port}/rest/adhoc/sess-man`, CURL_CONFIG: place.write("etc/curl", 'user = "admin:x"\n'), PATH: process.env.PATH };
	const apply = async () => {
		calls.length = 0;
		const { code, stderr } = await place.run(["sh", place.write("tigase.sh", await exported(site, "tigase"), 0o644), state], { env });
		assert.equal(code, 0, stderr);
		return [...new Set(calls)].sort();
	};
	const pairs = (what, names) => names.flatMap((one) => names.filter((other) => other !== one).map((other) => `/rest/adhoc/sess-man ${what} ${one} ${other} Everybody`)).sort();
	assert.deepEqual(await apply(), pairs("addJid", ["alice", "carol", "dave"]));
	assert.deepEqual(await apply(), []);
	await site.prebind.ctlOk(["user", "disable", "dave"]);
	assert.deepEqual(await apply(), pairs("removeJid", ["alice", "carol", "dave"]).filter((call) => call.includes("dave")));
	server.close();
});

scene("what cannot be a group is refused", async (place) => {
	const { prebind } = await startSite(place, { server: "prosody", way: "password", users: { alice: "alice's password" }, contacts: false });
	for (const args of [[], ["--for", "openfire"], ["--for", "prosody", "--group", "a]b"], ["--for", "ejabberd", "--group", "it's"], ["--for", "tigase", "--group", ""]])
		assert.equal((await prebind.ctl(["people", "export", ...args])).code, 2, args.join(" "));
});
