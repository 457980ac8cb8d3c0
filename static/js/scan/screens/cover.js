// The full-screen cards over the scan screen: one at a time, all else out of reach meanwhile.

import { fill, onAct, show } from "../dom.js";
import { say } from "../i18n.js";
import { machine } from "../machine.js";
import { placeNow } from "../place.js";
import { toast } from "../toast.js";

let shown = null;

// Puts a card over the screen; its button "next" takes it away and calls `onEnd`. Returns {mayBeReplaced, close}.
export function cover(page, { mayBeReplaced, onEnd }) {
  shown?.close();
  setBehind(true);
  document.getElementById("layer").replaceChildren(page);
  page.focus({ preventScroll: true });
  const close = () => {
    if (!page.isConnected) return;
    page.remove();
    setBehind(false);
  };
  onAct(page, {
    next: () => {
      close();
      onEnd();
    },
  });
  shown = { mayBeReplaced, close };
  return { ...shown };
}

function setBehind(isCovered) {
  const app = document.getElementById("app");
  app.classList.toggle("is-covered", isCovered);
  for (const element of [document.getElementById("main"), app.querySelector(".tabs")]) element.inert = isCovered;
}

export async function recordScan(presented, card, told = {}) {
  try {
    await machine.record("scan", { presented, card, gps: placeNow(), ...told });
  } catch {
    toast(say("not_noted")); // Nothing is given: the answer stands all the same.
  }
}

export function fillFamily(page, family) {
  show(page, "family", Boolean(family));
  if (family) fill(page, { name: family.name, size: String(family.size), code: family.code });
}
