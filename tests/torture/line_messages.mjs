/*
 * The messages of MariaDB's and PostgreSQL's protocols, as far as a line has to know them: where one ends, and which of
 * its bytes are values, texts or anything else.
 * https://mariadb.com/kb/en/clientserver-protocol/, https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** Kinds of bytes: anything; of a SQL text, which must not become another valid one; of a value, or the name of what is meant. */
export const PLAIN = 0, TEXT = 1, VALUE = 2;

const SSL_REQUEST = 80877103;
const COM_QUERY = 3, COM_STMT_PREPARE = 22;
const LENGTH_MAX = 1 << 20; // more is no message of ours: the bytes go on as they are

/** @typedef {{ bytes: Buffer, name?: string, typed?: boolean, asksForTls?: boolean }} Message */

/** @returns {{ messages: Message[], rest: Buffer }} */
export function cutMariadb(data) {
	const messages = [];
	let at = 0;
	while (data.length - at >= 4) {
		const end = at + 4 + data.readUIntLE(at, 3);
		if (end > data.length && end - at < LENGTH_MAX)
			break;
		const bytes = data.subarray(at, Math.min(end, data.length));
		messages.push({ bytes, name: `packet ${bytes[3]}` });
		at += bytes.length;
	}
	return { messages, rest: data.subarray(at) };
}

/** typed: a client's first message has no type. @returns {{ messages: Message[], rest: Buffer }} */
export function cutPostgresql(data, typed) {
	const messages = [];
	let at = 0;
	for (let head = typed ? 1 : 0; data.length - at >= head + 4; head = 1) {
		const end = at + head + data.readUInt32BE(at + head);
		if (end > data.length && end - at < LENGTH_MAX)
			break;
		const bytes = data.subarray(at, Math.min(end, data.length));
		const asksForTls = head === 0 && bytes.length === 8 && bytes.readUInt32BE(4) === SSL_REQUEST;
		messages.push({ bytes, typed: head === 1, asksForTls, name: head === 1 ? String.fromCharCode(bytes[0]) : "start" });
		at += bytes.length;
		if (asksForTls)
			break;
	}
	return { messages, rest: data.subarray(at) };
}

/** MariaDB: the values are known. */
export function maskMariadb({ bytes }, values) {
	const mask = Buffer.alloc(bytes.length, PLAIN);
	if (bytes[3] === 0 && (bytes[4] === COM_QUERY || bytes[4] === COM_STMT_PREPARE))
		mask.fill(TEXT, 5);
	for (const value of values)
		for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 1))
			mask.fill(VALUE, at, at + value.length);
	return mask;
}

/** Reads on in a message; what would be behind its end is nothing. */
class Reader {
	constructor(bytes, at) {
		Object.assign(this, { bytes, at, mask: Buffer.alloc(bytes.length, PLAIN) });
	}

	number(size) {
		const number = this.at + size <= this.bytes.length ? this.bytes.readIntBE(this.at, size) : 0;
		this.at += size;
		return number;
	}

	mark(kind, length) {
		this.mask.fill(kind, Math.min(this.at, this.bytes.length), Math.min(this.at + length, this.bytes.length));
		this.at += length;
	}

	/** A text with its NUL. */
	text(kind) {
		const end = this.bytes.indexOf(0, this.at);
		this.mark(kind, (end < 0 ? this.bytes.length : end) - this.at);
		this.at++;
	}

	values() {
		for (let left = this.number(2); left > 0; left--) {
			const length = this.number(4);
			this.mark(VALUE, Math.max(length, 0));
		}
	}
}

/** What a client or a server says with each type; a letter can mean both. */
const PARTS = {
	Q: (reader) => reader.text(TEXT),
	P: (reader) => {
		reader.text(VALUE);
		reader.text(TEXT);
	},
	B: (reader) => {
		reader.text(VALUE);
		reader.text(VALUE);
		reader.mark(VALUE, 2 * reader.number(2)); // whether a value is a text or bytes
		reader.values();
	},
	C: (reader) => reader.text(VALUE), // "DELETE 1"
};

/** A row of the server's, or the name of what the client wants described. */
function maskD(reader, { bytes }) {
	if (bytes[5] === 0x53) { // "S": no row has so many columns
		reader.at++;
		reader.text(VALUE);
	} else
		reader.values();
}

export function maskPostgresql(message) {
	const reader = new Reader(message.bytes, message.typed ? 5 : 4);
	if (message.name === "D")
		maskD(reader, message);
	else
		PARTS[message.name]?.(reader);
	return reader.mask;
}
