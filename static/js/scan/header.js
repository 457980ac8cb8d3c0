// The header tells the truth: what is not yet sent, whether the server was last reached, how old the list of families is.

import { fill, fillPart, show } from "./dom.js";
import { ago, faultText, isolated, knows, number, say } from "./i18n.js";
import { machine } from "./machine.js";

const AGES_MS = 20_000;
// These need no sentence of their own: "offline" says them.
const SILENT = new Set(["network.none", "operator.locked"]);

let timer = null;

// Keeps the header right from now on.
export function watchHeader() {
  machine.onStatus(put);
  clearInterval(timer);
  timer = setInterval(refresh, AGES_MS);
  document.addEventListener("scan:shown", refresh);
}

export async function refresh() {
  put(await machine.status());
}

async function put({ online, unsent, lastSync, rosterAge, sending, problem }) {
  const bar = document.querySelector(".bar");
  const device = machine.device();
  const person = machine.operator();
  show(bar, "truth", device !== null);
  fillPart(bar, "who", person?.name);
  if (!device) return;
  fill(bar, { where: isolated(device.point.name) });
  show(bar, "online", online === true);
  show(bar, "offline", online === false);
  show(bar, "unknown", online === null);
  fill(bar, { unsent: sending ? say("syncing") : unsent ? say("unsent", { count: number(unsent) }) : say("all_sent") });
  const sync = lastSync ? say("last_sync", { ago: ago(Date.now() - lastSync) }) : say("never_synced");
  const list = rosterAge === null ? say("no_roster") : say("roster_age", { ago: ago(rosterAge) });
  fill(bar, { ages: joined(sync, list) });
  const isSaid = problem && !SILENT.has(problem) && knows(problem);
  fillPart(bar, "problem", isSaid ? faultText({ code: problem }) : null);
  const { campaigns } = await machine.roster();
  show(bar, "demonstration", campaigns.some(({ isDemonstration }) => isDemonstration));
}

function joined(...pieces) {
  const all = document.createDocumentFragment();
  pieces.forEach((piece, index) => all.append(index ? " · " : "", piece));
  return all;
}
