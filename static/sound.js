// A short, quiet sound for a new message. It is computed, so no sound file is needed.
const TONES = [
	{ hertz: 660, at: 0 },
	{ hertz: 880, at: 0.12 },
]; // at: when the tone begins, in seconds after the sound begins
const TONE_S = 0.25;
const LOUD = 0.08; // the volume, from 0 to 1

/** Plays the sound. A browser blocks sounds in a page in which the user has not clicked or typed yet. */
export async function playSound() {
	const audio = new AudioContext();
	if (audio.state !== "running") {
		await Promise.race([audio.resume(), new Promise((resolve) => setTimeout(resolve, 100))]);
		if (/** @type {string} */ (audio.state) !== "running") return audio.close();
	}
	let last;
	for (const { hertz, at } of TONES) {
		const begin = audio.currentTime + at;
		const volume = new GainNode(audio, { gain: 0 });
		volume.gain.setValueAtTime(LOUD, begin);
		volume.gain.exponentialRampToValueAtTime(0.001, begin + TONE_S);
		last = new OscillatorNode(audio, { frequency: hertz });
		last.connect(volume).connect(audio.destination);
		last.start(begin);
		last.stop(begin + TONE_S);
	}
	last?.addEventListener("ended", () => audio.close());
}
