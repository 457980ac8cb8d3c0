// What the page tells its scripts, and what a person set on this phone.

export const config = JSON.parse(document.getElementById("config").textContent);

const DEFAULTS = { language: "", camera: "", cameraId: "", sound: "on", place: "" };

// localStorage may be closed to the page, and is no place for anything that matters: settings then last until the reload.
const held = {};

export function setting(name) {
  try {
    return localStorage.getItem(`scan.${name}`) ?? held[name] ?? DEFAULTS[name];
  } catch {
    return held[name] ?? DEFAULTS[name];
  }
}

export function set(name, value) {
  held[name] = value;
  try {
    localStorage.setItem(`scan.${name}`, value);
  } catch {
    // Kept above.
  }
}
