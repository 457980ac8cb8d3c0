// The decoder worker, started when a camera is first wanted and kept: one picture at a time.

import { config } from "./config.js";

let worker = null;
let waiting = null;

export function prepare() {
  if (worker) return;
  worker = new Worker(config.files.decoder);
  worker.onmessage = ({ data }) => answer(data.text);
  worker.onerror = () => {
    worker.terminate();
    worker = null; // The next picture starts another.
    answer(null);
  };
  worker.postMessage({ wasm: new URL(config.files.wasm, location.href).href });
}

export const isBusy = () => waiting !== null;

// The text of the code in the picture, or null.
export function decode(picture) {
  prepare();
  return new Promise((resolve) => {
    waiting = resolve;
    worker.postMessage({ picture }, picture.data ? [picture.data.buffer] : [picture]);
  });
}

function answer(text) {
  const resolve = waiting;
  waiting = null;
  resolve?.(text);
}
