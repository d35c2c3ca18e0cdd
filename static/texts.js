// Every sentence the script itself says. What stands in the page from the start is in templates/.

/** @type {Record<string, string>} */
export const PRESENCE = {
	"": "Online",
	chat: "Online",
	away: "Away",
	xa: "Away for longer",
	dnd: "Do not disturb",
	offline: "Offline",
	unknown: "Not in your contacts",
};

export const TEXT = {
	you: "You",
	today: "Today",
	yesterday: "Yesterday",
	unsent: "Not delivered, as far as we know.",
	refused: "Not delivered.",
	again: "Send again",
	badAddress: "That is not a chat address. It looks like name@example.org.",
	lost: "The connection to the chat server is lost.",
	conflict: "Chat was opened with this address somewhere else.",
	connecting: "Connecting…",
	needsLogin: "You are no longer logged in.",
	noClient: "A part of this page is missing. Load it again; if that does not help, tell the site.",
	noAccount: "Your account has no chat address. The site can tell you more.",
	refusedSession: "The site did not give this page a chat session. Load it again.",
	/** @param {number} seconds */
	retryIn: (seconds) => `Next attempt in ${seconds} s.`,
	/** @param {string} name */
	newMessage: (name) => `New message from ${name}`,
	/** @param {number} unread */
	title: (unread) => (unread > 0 ? `(${unread}) Chat` : "Chat"),
};
