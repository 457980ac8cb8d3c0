// What a token is worth, over the whole screen. One state is open at a time; it stays until it is tapped away or, where nothing
// is to be done, until the next family's code is held before the camera.

import { clone, fill, fillPart, show } from "../dom.js";
import { day, instant, refusalText, say } from "../i18n.js";
import { machine } from "../machine.js";
import { signal } from "../sound.js";
import { cover, fillFamily, recordScan } from "./cover.js";
import { openGive } from "./give.js";

// Judges what was presented, records it where nothing is given, and shows what to do.
export async function openState(presented, options) {
  const card = await machine.judge(presented);
  if (card.state !== "give") await recordScan(presented, card);
  return showState(presented, card, options);
}

// Shows a verdict. `onEnd` is called when it is tapped away. Returns {mayBeReplaced, close}.
export function showState(presented, card, { onEnd = () => {}, camera = null } = {}) {
  if (card.state === "give") return openGive(presented, card, { onEnd, camera, showOther: showState });
  const page = clone(card.state);
  fill(page, { reason: reasonOf(card) });
  fillFamily(page, card.family);
  fillFirst(page, card.first);
  fillPart(page, "from", card.nextOn && say("from", { day: day(card.nextOn) }));
  fillPart(page, "point", card.otherPoint && say("point.other", { point: card.otherPoint }));
  signal(card.state);
  return cover(page, { mayBeReplaced: true, onEnd });
}

function reasonOf({ refusal, note }) {
  return note ? say(`note.${note}`) : refusalText(refusal);
}

function fillFirst(page, first) {
  show(page, "unknown", !first);
  fillPart(page, "when", first?.at && instant(first.at));
  fillPart(page, "place", first?.point);
  fillPart(page, "by", first?.by);
}
