/*
 * Starts HAProxy before nodes of prebind, with a backend from the documents: only its addresses are
 * replaced. It speaks FastCGI with the nodes' sockets, so no web servers are between them.
 */
import { docSnippet } from "./docs.mjs";
import { accepts, freePorts } from "./wait.mjs";

/**
 * @param {import('./place.mjs').Place} place of the first node: HAProxy can open only the sockets of its own user
 * @param {{ document: string, nodes: import('./prebind.mjs').Prebind[], changes?: Record<string, string> }} what
 *   document: the one with the snippet `balancer`, whose other servers are left out; changes: of its text
 * @returns {Promise<number>} its port; each answer's header X-Node says which node it came from
 */
export async function haproxy(place, { document, nodes, changes = {} }) {
	const [port] = await freePorts(1);
	const backend = docSnippet(document, "balancer", {
		...changes,
		"www.example.org": "example.org",
		...Object.fromEntries(nodes.map((node, i) => [`192.0.2.${i + 1}:80`, `${node.socket} proto fcgi check-proto fcgi`])),
	}).split("\n").filter((line) => !line.includes(" 192.0.2.")).join("\n");
	const file = place.write(`etc/haproxy-${port}.cfg`, `
global
    log stderr local0
defaults
    mode http
    timeout connect 5s
    timeout client 2m
    timeout server 2m
fcgi-app prebind
    docroot /
    path-info ^(/chat)(/.*)$
frontend all
    bind 127.0.0.1:${port}
    default_backend nodes
backend nodes
    use-fcgi-app prebind
    http-response set-header X-Node %s
${backend.replaceAll(/^/gm, "    ")}
`);
	await place.startUntil("haproxy", ["/usr/sbin/haproxy", "-db", "-f", file], () => accepts(port));
	return port;
}
