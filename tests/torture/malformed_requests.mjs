/*
 * Requests as no browser sends them: a right one with one to three faults in it. The same seed makes the same requests.
 */

/** Can be found again in an answer, whatever is around it. */
export const MARK = "zq7x";
const MARKUP = [`<${MARK}>`, `"${MARK}`, `'${MARK}`, `</script><${MARK}`];
const BREAKS = ["%0d%0aX-Injected:%201%0d%0a%0d%0a", "%0aSet-Cookie:%20evil=1", "\r\nX-Injected: 1", "%E5%98%8A%E5%98%8DX-Injected:%201"];

/** Numbers that look random (xorshift32). */
export class Numbers {
	constructor(seed) {
		this.state = (seed * 2654435761 + 1) >>> 0 || 1;
	}

	below(limit) {
		this.state ^= this.state << 13;
		this.state ^= this.state >>> 17;
		this.state ^= this.state << 5;
		this.state >>>= 0;
		return this.state % limit;
	}

	of(list) {
		return list[this.below(list.length)];
	}
}

const FORM = "application/x-www-form-urlencoded";
const basic = (text) => `Basic ${Buffer.from(text).toString("base64")}`;
/** @returns {{ method: string, target: string, version: string, headers: [string, string][], body: string, length: string | null }} */
const seed = (method, target, headers = {}, body = "") => ({
	method, target, version: "HTTP/1.1", body, length: body ? null : "",
	headers: [["Host", "example.org"], ["Connection", "close"], ...Object.entries(headers)],
});
const SEEDS = [
	() => seed("GET", "/chat/", { "Sec-Fetch-Site": "none" }),
	() => seed("GET", "/chat/login?next=%2Fchat%2F"),
	() => seed("POST", "/chat/login", { "Content-Type": FORM, Cookie: "prebind-insecure-login=x" }, "user=alice&password=wrong&token=x&next=/chat/"),
	() => seed("POST", "/chat/prebind.json", { "Content-Type": FORM, Cookie: `prebind-insecure=${"A".repeat(43)}` }, "bind=no"),
	() => seed("GET", "/chat/prebind.json"),
	() => seed("POST", "/chat/logout", { "Content-Type": FORM }, "token=x"),
	() => seed("GET", "/chat/health"),
	() => seed("GET", "/chat/nothing"),
	() => seed("POST", "/chat/rest/adhoc/bosh@example.test", { "Content-Type": "text/xml", Authorization: basic("a:b") }, "<command><node>x</node></command>"),
	() => seed("POST", "/chat/rest/adhoc/bosh@example.test", { "Content-Type": "application/json", Authorization: basic("a:b") }, '{"command":{"node":"x"}}'),
	() => seed("GET", "/chat/rest/adhoc/bosh@example.test", { Authorization: basic("a:b") }),
];

const bytes = (numbers, count) => Array.from({ length: count }, () => String.fromCharCode(numbers.below(256))).join("");
const into = (text, numbers, what) => {
	const at = numbers.below(text.length + 1);
	return text.slice(0, at) + what + text.slice(at);
};
const NAMES = ["Cookie", "Content-Type", "Host", "Origin", "Referer", "Authorization", "Accept", "Accept-Language", "User-Agent", "X-Forwarded-For", "Sec-Fetch-Site",
	"Content-Length", "Transfer-Encoding", "Expect", "Range", "If-None-Match", "Connection", "Upgrade", "X-Request-Id", "Remote-User", "Proxy", "TE"];
const add = (request, name, value) => request.headers.push([name, value]);

/** Each breaks one thing. */
const FAULTS = [
	(r, n) => (r.method = n.of(["get", "FOO", "TRACE", "CONNECT", "OPTIONS", "PUT", "DELETE", "POST", "HEAD", "", "G\tET", "A".repeat(300), `<${MARK}>`])),
	(r, n) => (r.target = n.of(["*", "", "chat", "http://evil.example/chat/", "//evil.example/chat/", "/chat/../../etc/passwd", "/chat/%2e%2e/%2e%2e/x", "/chat/%00",
		"/chat/%ff%fe", "/chat/%", "/chat/%zz", "/chat//", "/chat/./login", "/chat/login;x=1", "/chat?x", `/chat/${"a/".repeat(2000)}`, "/chat/\\..\\x"])),
	(r, n) => (r.target += `${n.of(["?", "&", "/"])}${n.of(["next", "x", "token", "user", "lang", "%6eext", "next[]"])}=${n.of([...MARKUP.map(encodeURIComponent), ...BREAKS.slice(0, 2), "//evil.example",
		"https://evil.example", "javascript:1", "/\\evil.example", "%2f%2fevil.example", "%00", "a".repeat(9000)])}`),
	(r, n) => (r.target = into(r.target, n, n.of([...MARKUP, ...BREAKS, bytes(n, 3), "%", "\0", " "]))),
	(r, n) => (r.version = n.of(["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 ", "http/1.1", "", "HTTP/9.9", "XTTP/1.1"])),
	(r, n) => add(r, n.of(NAMES), n.of([...MARKUP, ...BREAKS, "", " ", "\0", bytes(n, 20), "a".repeat(9000), "-1", "99999999999999999999", "chunked", "1, 2", "100-continue"])),
	(r, n) => (r.headers = r.headers.concat([n.of(r.headers)])),
	(r) => (r.headers = r.headers.filter(([name]) => name !== "Host")),
	(r, n) => (r.headers = r.headers.map(([name, value]) => [name, name === "Host" ? n.of(["", "evil.example", "example.org:99999", "a b", `<${MARK}>`, "[::1", "example.org, x", "\xff"]) : value])),
	(r, n) => (r.headers = r.headers.map(([name, value]) => [name, n.below(3) ? value : into(value, n, bytes(n, 2))])),
	(r, n) => add(r, n.of(["X Y", "X:Y", "", "\tX", "X\0", "Ünï", ":", "(x)"]), "1"),
	(r, n) => add(r, "Cookie", n.of(["prebind-insecure=", "=x", ";;;", `prebind-insecure=${bytes(n, 43)}`, `prebind-insecure=<${MARK}>`, "a=b; ".repeat(500), `prebind-insecure=x; prebind-insecure=${"A".repeat(43)}`, '"', "\xff=\xfe"])),
	(r, n) => add(r, "Authorization", n.of(["Basic", "Basic =", "Basic !!!!", `Basic ${"A".repeat(9000)}`, basic("no colon"), basic(":"), basic("\0:\0"), "Bearer x", "Basic  YTpi", basic(`<${MARK}>:x`)])),
	(r, n) => (r.body = into(r.body, n, n.of([...MARKUP, ...BREAKS, bytes(n, 5), "&", "=", "%", "%00", "\0", "&&&", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "[[[[[[[[", "\ufeff"]))),
	(r, n) => (r.body = n.of(["", "x".repeat(70_000), bytes(n, 200), "user=a&user=b", `user=<${MARK}>&password=x`, `next=//evil.example&user=a&password=b`, "{".repeat(3000), "<a>".repeat(3000), "=".repeat(500)])),
	(r, n) => (r.length = n.of(["-1", "abc", "0", "1", "99999999999999999999", "1e3", "0x10", "5, 5", "+5", ""])),
	(r, n) => (r.headers = [...r.headers, ["Transfer-Encoding", n.of(["chunked", "gzip", "chunked, chunked", "x"])]]),
	(r, n) => (r.headers = r.headers.map(([name, value]) => [name, name === "Content-Type" ? n.of(["", "text/plain", "multipart/form-data; boundary=x", `${FORM}; charset=utf-7`, "application/json", "/", FORM.toUpperCase(), "a".repeat(300)]) : value])),
];

/** The bytes of the next request. */
export function malformedRequest(numbers) {
	const request = numbers.of(SEEDS)();
	for (let i = 0, faults = 1 + numbers.below(3); i < faults; i++)
		numbers.of(FAULTS)(request, numbers);
	const length = request.length ?? String(Buffer.byteLength(request.body, "latin1"));
	const lines = [
		[request.method, request.target, request.version].filter((part, i) => i < 2 || part !== "").join(" "),
		...request.headers.map(([name, value]) => `${name}: ${value}`),
		...(length === "" ? [] : [`Content-Length: ${length}`]),
	];
	const end = numbers.below(20) === 0 ? "\n" : "\r\n";
	return Buffer.from(`${lines.join(end)}${end}${end}${request.body}`, "latin1");
}
