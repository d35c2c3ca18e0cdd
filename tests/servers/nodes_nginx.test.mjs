// Three nodes, each with a web server of its own, behind nginx with the lines of docs/nodes.md and docs/proxies.md.
import { after, before, test } from "node:test";
import { pidsOf } from "../lib/children.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { killUnderLoad } from "../lib/kill_node.mjs";
import { nginxFastcgi } from "../lib/nginx.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { accepts, freePorts } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const NODES = 3;
const places = [];
let webs, port;

function newPlace() {
	const place = new Place();
	places.push(place);
	return place;
}

async function startNode(webPort, peer) {
	const place = newPlace();
	const node = new Prebind(place, { server: { trusted_proxies: "127.0.0.1" }, site: { ...peer.site(place), base_path: "/chat" } });
	await node.prepare();
	await node.start();
	return nginxFastcgi(place, { port: webPort, socket: node.socket, boshPort: 1 });
}

async function startBalancer(nodePorts) {
	const place = newPlace();
	const run = place.folder("front");
	const [changed] = /^proxy_pass .*;\n(?:proxy_.*;\n)*/m.exec(docSnippet("docs/nodes.md", "nginx_location"));
	const file = place.write("front/nginx.conf", ["daemon off;", "worker_processes 1;", `pid ${run}/nginx.pid;`, "error_log stderr error;", "events { }", "http {", "access_log off;",
		...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${run}/${name};`),
		docSnippet("docs/nodes.md", "nginx_upstream", Object.fromEntries(nodePorts.map((one, i) => [`192.0.2.${i + 1}:80`, `127.0.0.1:${one}`]))),
		"server {", `listen 127.0.0.1:${port};`, "add_header X-Node $upstream_addr;",
		docSnippet("docs/proxies.md", "nginx", { "proxy_pass http://127.0.0.1:8080;": changed }), "}", "}", ""].join("\n"));
	await place.startUntil("nginx", ["nginx", "-e", "stderr", "-c", file], () => accepts(port));
}

before(async () => {
	const peer = await startTigasePeer({ place: newPlace() });
	const [front, ...nodePorts] = await freePorts(NODES + 1);
	port = front;
	webs = await Promise.all(nodePorts.map((one) => startNode(one, peer)));
	await startBalancer(nodePorts);
});
after(async () => {
	for (const place of places.reverse())
		await place.close();
});

test("kill -9 of a node's web server under load: a GET fails never, a POST only if the node was answering it", async () => {
	await killUnderLoad({ port, pids: pidsOf(webs[2].pid), nodes: NODES });
});
