// What a state sounds and feels like: told apart without looking, each by its own rhythm.

import { setting } from "./config.js";

// Notes as [frequency in Hz, start, length in s]; vibration as on, off, on ... in ms.
const SIGNALS = {
  give: { notes: [[660, 0, 0.12], [990, 0.14, 0.22]], wave: "sine", vibration: [120] },
  done: { notes: [[880, 0, 0.08]], wave: "sine", vibration: [40] },
  already_given: { notes: [[440, 0, 0.18], [440, 0.26, 0.18], [440, 0.52, 0.18]], wave: "square", vibration: [150, 100, 150, 100, 150] },
  not_valid: { notes: [[160, 0, 0.7]], wave: "sawtooth", vibration: [700] },
  ask: { notes: [[587, 0, 0.2], [440, 0.24, 0.3]], wave: "triangle", vibration: [300, 150, 300] },
  wait: { notes: [[523, 0, 0.1], [523, 0.3, 0.1]], wave: "sine", vibration: [80, 220, 80] },
};

let context = null;

// Browsers let a page sound only after a touch: called at the first one.
export function wake() {
  const Context = globalThis.AudioContext ?? globalThis.webkitAudioContext;
  if (!Context) return;
  context ??= new Context();
  if (context.state === "suspended") context.resume().catch(() => {});
}

export function signal(name) {
  if (setting("sound") !== "on") return;
  const { notes, wave, vibration } = SIGNALS[name];
  navigator.vibrate?.(vibration);
  if (context?.state !== "running") return;
  for (const [frequency, start, length] of notes) sound(frequency, wave, context.currentTime + start, length);
}

function sound(frequency, wave, at, length) {
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.type = wave;
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.5, at + 0.015);
  volume.gain.setValueAtTime(0.5, at + Math.max(0.015, length - 0.03));
  volume.gain.exponentialRampToValueAtTime(0.0001, at + length);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + length + 0.02);
}
