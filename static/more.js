// Features that few visits need. A browser fetches this file only when one of these features is first used, so
// that the chat page loads faster. texts.js loads this module, and adds the texts below to TEXT.
import { more as de } from "./lang/de.js";
import { more as en } from "./lang/en.js";
import { more as fr } from "./lang/fr.js";

export { Directory } from "./directory.js";
export { FilePicker } from "./filepicker.js";
export { guestBegins, visitEnd } from "./guest.js";
export { PeerActions } from "./peeractions.js";
export { playSound } from "./sound.js";
export { Site } from "./site.js";

/** @type {Record<string, typeof en>} */
export const texts = { de, en, fr };
