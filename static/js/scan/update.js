// The service worker that keeps the app on the phone, and the change to a new version: never in the middle of a scan.

import { config } from "./config.js";

let waiting = null;
let isChanging = false;

export const hasUpdate = () => waiting !== null;

// Registers the worker; `onUpdate` is called when a new version lies ready.
export async function keepOnPhone(onUpdate) {
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => isChanging && location.reload());
  try {
    const registration = await navigator.serviceWorker.register(config.worker, { scope: config.scope, updateViaCache: "none" });
    const note = () => {
      if (!registration.waiting || !navigator.serviceWorker.controller) return;
      waiting = registration.waiting;
      onUpdate();
    };
    note();
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", note));
    document.addEventListener("visibilitychange", () => document.hidden || registration.update().catch(() => {}));
  } catch {
    // A browser in private mode: the app works while the page stays open.
  }
}

// Changes to the new version, which loads the page again.
export function applyUpdate() {
  if (!waiting) return;
  isChanging = true;
  waiting.postMessage("take over");
}
