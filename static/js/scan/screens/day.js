// My day: what was recorded on this phone today, and what can still be undone.

import { clone, fill, fillPart, list, onAct, show } from "../dom.js";
import { amountOf, number, refusalText, say, time } from "../i18n.js";
import { machine } from "../machine.js";
import { again } from "../router.js";
import { askUndo } from "./done.js";

const ANSWERS = {
  conflict: "event.conflict",
  rejected: "event.rejected",
  exists_with_different_content: "event.rejected",
};

export async function day(main) {
  const [events, { unsent }] = await Promise.all([machine.today(), machine.status()]);
  const page = clone("day");
  const given = events.filter(({ kind, isUndone }) => kind === "hand_over" && !isUndone);
  const families = new Set(given.map(({ campaign, serial }) => `${campaign} ${serial}`)); // Who came for the rest is one family.
  fill(page, { given: number(families.size), waiting: number(unsent) });
  show(page, "empty", events.length === 0);
  list(page, "events", events.map(itemOf));
  main.append(page);
}

function itemOf(event) {
  const item = clone("event");
  const isGiven = event.kind === "hand_over";
  item.classList.toggle("is-undone", event.isUndone);
  fill(item, {
    at: time(event.at),
    what: say(event.isUndone ? "event.undone" : `event.${event.kind}`),
    sent: say(event.isSent ? "event.sent" : "event.waiting"),
    code: event.code,
    by: event.by,
  });
  fillPart(item, "goods", isGiven ? together(event.lines.map((line) => amountOf(line, line.amount))) : refusalText(event.verdict));
  fillPart(item, "answer", ANSWERS[event.answer] && say(ANSWERS[event.answer]));
  show(item, "undo", event.mayUndo);
  onAct(item, { undo: async () => (await askUndo(event.id)) && again() });
  return item;
}

function together(pieces) {
  const all = document.createDocumentFragment();
  pieces.forEach((piece, index) => all.append(index ? " · " : "", piece));
  return pieces.length ? all : null;
}
