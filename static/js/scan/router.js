// Which screen is shown. A screen is a function (main, detail) that fills `main` and may return what ends it.

import { clone, fill } from "./dom.js";

const screens = new Map();
let end = null;
let current = { name: "", detail: undefined };

// Reached by the tabs: the phone's back button leads from these to scanning.
const BESIDE = new Set(["day", "phones", "settings"]);

export const known = (name, screen) => screens.set(name, screen);
export const shown = () => current.name;

// Opens a screen in place of the one that is shown.
export async function go(name, detail) {
  if (BESIDE.has(name) !== BESIDE.has(history.state?.screen)) {
    if (BESIDE.has(name)) history.pushState({ screen: name }, "");
    else history.replaceState(null, "");
  }
  await open(name, detail);
}

// Opens the same screen afresh: after a change of language.
export const again = () => open(current.name, current.detail);

async function open(name, detail) {
  end?.();
  end = null;
  current = { name, detail };
  const main = document.getElementById("main");
  main.replaceChildren();
  main.scrollTop = 0;
  try {
    const ending = await screens.get(name)(main, detail);
    if (current.name !== name) ending?.();
    else end = ending;
  } catch (error) {
    showFault(main, error);
  }
  document.dispatchEvent(new CustomEvent("scan:shown", { detail: name }));
  if (!main.contains(document.activeElement)) main.focus({ preventScroll: true });
}

function showFault(main, error) {
  console.warn(error);
  const page = clone("fault");
  fill(page, { fault: `${error?.code ?? error?.name}: ${error?.message ?? ""}`.slice(0, 200) });
  page.querySelector("button").addEventListener("click", () => location.reload());
  main.replaceChildren(page);
}

addEventListener("popstate", () => {
  if (BESIDE.has(current.name)) open("scan");
});
