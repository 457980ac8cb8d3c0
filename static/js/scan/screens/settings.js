// Settings: language, camera, sending, export, lock; and what this phone is and holds.

import { Camera } from "../camera.js";
import { set, setting } from "../config.js";
import { clone, fill, list, onAct, show } from "../dom.js";
import { ago, bytes, day, faultText, number, say } from "../i18n.js";
import { machine } from "../machine.js";
import { allowPlace, forgetPlace } from "../place.js";
import { go } from "../router.js";
import { applyUpdate, hasUpdate } from "../update.js";
import { languageButtons } from "./language.js";

export async function settings(main) {
  const page = clone("settings");
  const [roster, storage] = await Promise.all([machine.roster(), machine.storage()]);
  fillFacts(page, roster);
  fillStorage(page, storage);
  await fillCameras(page);
  for (const box of page.querySelectorAll("[data-setting]")) box.checked = setting(box.dataset.setting) === "on";
  page.addEventListener("change", ({ target }) => onChange(page, target));
  show(page, "update", hasUpdate());
  languageButtons(page);
  onAct(page, {
    sync: (button) => syncNow(page, button),
    lock: () => {
      machine.lock();
      go("unlock");
    },
    other: () => go("sign-in"),
    export: () => exportFile(page),
    persist: async () => {
      await navigator.storage.persist();
      fillStorage(page, await machine.storage());
    },
    update: applyUpdate,
  });
  main.append(page);
}

function fillFacts(page, { campaigns, sequence, age, firstOn, lastOn }) {
  const { name, point } = machine.device();
  fill(page, {
    device: name,
    point: `${point.name} (${point.code})`,
    days: firstOn ? say("days", { first: day(firstOn), last: day(lastOn) }) : "–",
    campaigns: campaigns.map((campaign) => campaign.name).join(", ") || "–",
    families: number(campaigns.reduce((sum, { rows }) => sum + rows, 0)),
    sequence: sequence === null ? say("no_roster") : say("sequence", { number: sequence, ago: ago(age) }),
  });
}

function fillStorage(page, { usage, quota, isKept, isFull }) {
  const state = isFull ? "full_soon" : isKept ? "kept" : "not_kept";
  fill(page, { storage: say(`storage.${state}`, { used: bytes(usage), quota: bytes(quota) }) });
  show(page, "persist", !isKept && Boolean(navigator.storage?.persist));
}

async function fillCameras(page) {
  const cameras = (await Camera.list()).filter(({ id }) => id);
  show(page, "cameras", cameras.length > 1);
  list(page, "cameras", cameras.map(({ id, label }, index) => {
    const option = new Option("", id, false, id === setting("cameraId"));
    option.append(label || say("camera.number", { number: index + 1 }));
    return option;
  }));
}

async function onChange(page, target) {
  if (target.id === "camera-choice") set("cameraId", target.value);
  if (target.dataset.setting === "place") {
    const isAllowed = target.checked ? await allowPlace() : forgetPlace();
    show(page, "no-place", target.checked && !isAllowed);
    target.checked = Boolean(isAllowed);
  } else if (target.dataset.setting) {
    set(target.dataset.setting, target.checked ? "on" : "off");
  }
}

async function syncNow(page, button) {
  button.disabled = true;
  fill(page, { synced: say("syncing") });
  await machine.syncNow();
  const { problem, unsent } = await machine.status();
  fill(page, { synced: problem ? faultText({ code: problem === "network.none" ? "not_synced" : problem }) : say(unsent ? "not_synced" : "synced") });
  button.disabled = false;
  fillFacts(page, await machine.roster());
}

async function exportFile(page) {
  const { unsent } = await machine.status();
  if (!unsent) return fill(page, { exported: say("nothing_to_export") });
  const { name, text } = await machine.exportFile();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  fill(page, { exported: say("exported", { name }) });
}
