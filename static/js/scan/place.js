// Where the phone is, if the person switched that on: the last fix that is not too old, never waited for.

import { set, setting } from "./config.js";

const OLDEST_MS = 10 * 60_000;
const ASK = { enableHighAccuracy: false, maximumAge: 5 * 60_000, timeout: 60_000 };

let fix = null;
let watch = null;

export function startPlace() {
  if (setting("place") !== "on" || watch !== null || !navigator.geolocation) return;
  watch = navigator.geolocation.watchPosition((found) => (fix = found), () => {}, ASK);
}

// Switches it on, which asks the person; returns whether the browser allows it.
export function allowPlace() {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(false);
    navigator.geolocation.getCurrentPosition(
      (found) => {
        fix = found;
        set("place", "on");
        startPlace();
        resolve(true);
      },
      ({ code }) => resolve(code !== 1 && (set("place", "on"), startPlace(), true)), // Indoors there is no fix yet.
      ASK,
    );
  });
}

export function forgetPlace() {
  set("place", "");
  if (watch !== null) navigator.geolocation.clearWatch(watch);
  watch = fix = null;
}

// {lon, lat, accuracy_m}, or null.
export function placeNow() {
  if (!fix || Date.now() - fix.timestamp > OLDEST_MS) return null;
  const { longitude, latitude, accuracy } = fix.coords;
  return { lon: Number(longitude.toFixed(6)), lat: Number(latitude.toFixed(6)), accuracy_m: Math.round(accuracy) };
}
