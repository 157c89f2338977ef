// Sounds, made here: nothing is fetched. A browser may hold sounds back until a first gesture.

const RING_AGAIN_MS = 3000;
const START_MS = 400;
// Hertz of the notes, and when each begins and ends, in seconds.
const RING = [[659, 0, 0.5], [880, 0.32, 1.1]];
const CHIME = [[784, 0, 0.35], [1047, 0.2, 0.8]];
const SCALE = [[523, 0, 0.5], [659, 0.4, 0.9], [784, 0.8, 1.6]];
const LOUD = 0.25;

let context = null;
let ringing = null;

export function audio() {
  if (typeof AudioContext === "undefined") return null;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => {});
  return context;
}

// Whether a sound would be heard. A context takes a moment to start.
export async function held() {
  const sounds = audio();
  if (!sounds) return true;
  if (sounds.state !== "running") await new Promise((after) => setTimeout(after, START_MS));
  return sounds.state !== "running";
}

function play(notes) {
  const sounds = audio();
  // Notes for a context that stands still would all sound at once when it starts.
  if (sounds?.state !== "running") return;
  const now = sounds.currentTime + 0.05;
  for (const [hertz, from, to] of notes) {
    const tone = new OscillatorNode(sounds, { frequency: hertz });
    const gain = new GainNode(sounds, { gain: 0 });
    gain.gain.setValueAtTime(0, now + from);
    gain.gain.linearRampToValueAtTime(LOUD, now + from + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.001, now + to);
    tone.connect(gain).connect(sounds.destination);
    tone.start(now + from);
    tone.stop(now + to);
  }
}

export function chime() { play(CHIME); }
export function scale() { play(SCALE); }
export function ringOnce() { play(RING); }

export function ring() {
  if (ringing) return;
  play(RING);
  ringing = setInterval(() => play(RING), RING_AGAIN_MS);
}

export function hush() {
  clearInterval(ringing);
  ringing = null;
}

// Where sounds go from now on; empty for the machine's own choice.
export function output(id) { return audio()?.setSinkId?.(id) ?? Promise.resolve(); }
