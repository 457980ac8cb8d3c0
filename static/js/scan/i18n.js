// The words of the app in the language in hand, and how figures, days and times are written in it.

import { config, set, setting } from "./config.js";

const RIGHT_TO_LEFT = new Set(["ur", "sd"]);
const DAY_MS = 86_400_000;
const PLACE = { timeZone: "Asia/Karachi", numberingSystem: "latn" };

let texts = {};
let proofs = {};
let refusals = {};

export const language = () => document.documentElement.lang;

export function readTexts() {
  ({ texts, proofs, refusals } = JSON.parse(document.getElementById("texts").textContent));
}

// The language that the address asks for, that was chosen on this phone, or that the page came in.
export function wantedLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  return [asked, setting("language"), language()].find((code) => code in config.screens);
}

// Brings the screens in another language. A phone without network has them all; if they cannot be had, the language stays.
export async function speak(code) {
  if (code === language()) return true;
  try {
    const answer = await fetch(config.screens[code]);
    if (!answer.ok) return false;
    document.getElementById("screens").innerHTML = await answer.text();
  } catch {
    return false;
  }
  document.documentElement.lang = code;
  document.documentElement.dir = RIGHT_TO_LEFT.has(code) ? "rtl" : "ltr";
  readTexts();
  return true;
}

export function choose(code) {
  set("language", code);
  return speak(code);
}

// A text with its figures and names put in, as plain words: for attributes.
export function plain(key, values = {}) {
  return (texts[key] ?? key).replace(/%\((\w+)\)s/g, (_, name) => `\u2068${values[name]?.textContent ?? values[name]}\u2069`);
}

// The same as nodes, each figure or name in its own direction.
export function say(key, values = {}) {
  const pieces = document.createDocumentFragment();
  (texts[key] ?? key).split(/%\((\w+)\)s/).forEach((piece, index) => {
    pieces.append(index % 2 ? isolated(values[piece]) : piece);
  });
  return pieces;
}

export function isolated(value) {
  const element = document.createElement("bdi");
  element.append(value ?? "");
  return element;
}

export const knows = (key) => key in texts;
export const proofName = (proof) => proofs[proof] ?? proof;
export const refusalText = (refusal) => refusals[refusal] ?? "";

// The sentence for something that went wrong: our own for what this app knows, else the server's.
export function faultText(error) {
  const code = error?.code;
  if (code && refusals[code]) return refusals[code];
  if (code && knows(code)) return say(code, error.details);
  return error?.details?.message || say("failed");
}

// --- Figures ------------------------------------------------------------------------------------------------------------

export const number = (value) => new Intl.NumberFormat("en").format(value);

export function money(paisa) {
  const [rupees, rest] = [Math.floor(paisa / 100), paisa % 100];
  return plain("amount.money", { amount: number(rupees) + (rest ? `.${String(rest).padStart(2, "0")}` : "") }).replace(/[\u2068\u2069]/g, "");
}

export const nameIn = (names) => names?.[language()] || names?.en || "";

// What a line of a package is worth, such as "PKR 25,000" or "2 × Tent".
export function amountOf(line, amount = line.owed) {
  if (line.kind === "cash") return isolated(money(amount));
  return say("amount.item", { count: number(amount), item: nameIn(line.name) });
}

export function bytes(count) {
  const megabytes = count / 2 ** 20;
  return megabytes >= 1000 ? `${(megabytes / 1024).toFixed(1)} GB` : `${megabytes < 10 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`;
}

// --- Time ---------------------------------------------------------------------------------------------------------------

function written(at, parts) {
  const locale = language() === "en" ? "en-GB" : language();
  return new Intl.DateTimeFormat([locale, "en-GB"], { ...PLACE, ...parts }).format(at);
}

export const time = (at) => new Intl.DateTimeFormat("en-GB", { ...PLACE, hour: "2-digit", minute: "2-digit" }).format(new Date(at));

// An ISO day or an instant as "14 Sep 2022".
export const day = (at) => written(new Date(at), { day: "numeric", month: "short", year: "numeric" });

export const localDay = (at = Date.now()) => new Intl.DateTimeFormat("en-CA", { timeZone: PLACE.timeZone }).format(at);

// "13:05" of today, "14 Sep 2022, 13:05" of another day.
export function instant(at) {
  const when = new Date(at);
  return localDay(when) === localDay() ? isolated(time(when)) : say("instant", { day: day(when), time: time(when) });
}

export function ago(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return say("ago.now");
  if (minutes < 60) return say("ago.minutes", { count: minutes });
  const isHours = milliseconds < 2 * DAY_MS;
  return say(isHours ? "ago.hours" : "ago.days", { count: Math.floor(milliseconds / (isHours ? 3_600_000 : DAY_MS)) });
}
