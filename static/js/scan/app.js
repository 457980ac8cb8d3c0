// The app as a whole: its frame, its screens, and which of them a phone starts with.

import { part } from "./dom.js";
import { readTexts, say, speak, wantedLanguage } from "./i18n.js";
import { watchHeader } from "./header.js";
import { machine } from "./machine.js";
import { again, go, known } from "./router.js";
import { day } from "./screens/day.js";
import { enrol } from "./screens/enrol.js";
import { phones } from "./screens/phones.js";
import { scan } from "./screens/scan.js";
import { settings } from "./screens/settings.js";
import { signIn } from "./screens/sign_in.js";
import { shredded, unlock } from "./screens/unlock.js";
import { welcome } from "./screens/welcome.js";
import { wake } from "./sound.js";
import { toast } from "./toast.js";
import { applyUpdate, hasUpdate, keepOnPhone } from "./update.js";

const TABS = ["scan", "day", "phones", "settings"];
const INVITATION = /^#enrol=([A-Za-z0-9_-]{43})$/;
// A phone left lying about locks itself.
const LOCKED_AFTER_MS = 15 * 60_000;

export async function start() {
  for (const [name, screen] of Object.entries({ welcome, enrol, "sign-in": signIn, unlock, shredded, scan, day, phones, settings })) known(name, screen);
  readTexts();
  await speak(wantedLanguage());
  putFrame();
  document.addEventListener("scan:language", () => {
    putFrame();
    again();
  });
  document.addEventListener("scan:shown", ({ detail }) => showTabs(detail));
  document.addEventListener("pointerdown", wake, { capture: true });
  document.addEventListener("keydown", wake, { capture: true });
  lockWhenLeft();
  await machine.start();
  watchHeader();
  await first();
  addEventListener("hashchange", () => INVITATION.test(location.hash) && first());
  keepOnPhone(() => toast(say("update")));
}

// The screen that this phone begins with.
async function first() {
  const code = INVITATION.exec(location.hash)?.[1];
  // The code is used once, and stays in no history.
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  if (machine.device()) await go("unlock");
  else if (code) await go("enrol", code);
  else await go("welcome");
}

function putFrame() {
  const frame = document.getElementById("t-shell").content.cloneNode(true);
  document.getElementById("app").replaceChildren(frame);
  document.querySelector(".tabs").addEventListener("click", onTab);
  document.getElementById("main").addEventListener("click", onTab);
}

function onTab(event) {
  const name = event.target.closest("[data-go]")?.dataset.go;
  if (name) go(name);
}

function showTabs(name) {
  const tabs = part(document.getElementById("app"), "tabs");
  tabs.hidden = !TABS.includes(name);
  for (const button of tabs.children) {
    if (button.dataset.go === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
}

function lockWhenLeft() {
  let leftAt = null;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      leftAt = Date.now();
      // Nobody is in the middle of anything: the moment to change to a new version.
      if (hasUpdate() && !machine.operator()) applyUpdate();
    } else if (leftAt && Date.now() - leftAt > LOCKED_AFTER_MS && machine.operator()) {
      machine.lock();
      go("unlock");
    }
  });
}
