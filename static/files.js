// Recognizes texts that are URLs of files on the XMPP server's upload service (XEP-0363). No
// other file is shown as a picture, because the server that has the file would learn who reads the message.

const PICTURE = /\.(avif|gif|jpe?g|png|webp)$/i; // not SVG, which can hold a script

/**
 * Returns the file if the text is a URL on the upload service; otherwise null.
 * @param {string} text @param {string[]} origins
 */
export function fileOf(text, origins) {
	if (origins.length === 0 || !/^https?:\/\/\S+$/.test(text) || !URL.canParse(text)) return null;
	const { origin, pathname, href } = new URL(text);
	if (!origins.includes(origin)) return null;
	const last = pathname.split("/").pop() ?? "";
	return { url: href, name: readable(last) || href, picture: PICTURE.test(last) };
}

/** @param {string} name the file's name in the URL, percent-encoded */
function readable(name) {
	try {
		return decodeURIComponent(name);
	} catch {
		return name;
	}
}
