// What few visits need. Browsers fetch it when somebody uses it first: the chat page is there sooner
// without it. It gets the texts from its caller, because they are large and already loaded.
export { Directory } from "./directory.js";
export { PeerActions } from "./peeractions.js";
export { playSound } from "./sound.js";
export { Site } from "./site.js";
export { Uploads } from "./uploads.js";
