// A sentence that passes: for what needs no answer.

import { clone, fill } from "./dom.js";

const SHOWN_MS = 6000;

export function toast(text) {
  const piece = clone("toast");
  fill(piece, { text });
  document.querySelector(".toasts").append(piece);
  setTimeout(() => piece.remove(), SHOWN_MS);
}
