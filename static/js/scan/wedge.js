// Codes that come as text: from a scanner that poses as a keyboard, pasted, or typed with any digits.

import { plain, say } from "./i18n.js";

// Scanners send a key every few milliseconds, by radio on a busy phone more slowly. Outside a field nobody types at all.
const LONGEST_GAP_MS = 400;
const SHORTEST_SCAN = 10;
const DIGITS = 12;

// "1234" of ١٢٣٤ and ۱۲۳۴.
export function foldDigits(text) {
  return text.replace(/[٠-٩۰-۹]/g, (digit) => String(digit.codePointAt(0) & 0xf));
}

export const digitsOf = (text) => foldDigits(text).replace(/[^0-9]/g, "");

// What is wrong with a typed code, as a sentence; null where it is right, or not a typed code at all but a scanned text.
export function typedFault(text) {
  const folded = foldDigits(text).trim();
  if (!/^[\d\s\u200e\u200f.–—-]*$/.test(folded)) return null;
  const digits = digitsOf(folded);
  if (digits.length !== DIGITS) return say("typed.length", { count: digits.length });
  return Number(BigInt(digits) % 97n) === 1 ? null : plain("typed.wrong");
}

// Watches the keyboard for a scanner, and the page for a paste; `take(text)` gets what came. Returns what ends it.
export function watchKeys(take) {
  let buffer = "";
  let last = 0;

  const onKey = (event) => {
    if (isField(event.target)) return; // The field gets it, and its form sends it on.
    const isOfScan = event.timeStamp - last < LONGEST_GAP_MS;
    last = event.timeStamp;
    if (event.key === "Enter" || event.key === "Tab") {
      const text = isOfScan && buffer.length >= SHORTEST_SCAN ? buffer : "";
      buffer = "";
      if (!text) return;
      event.preventDefault();
      event.stopPropagation();
      take(text);
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      buffer = isOfScan ? buffer + event.key : event.key;
      // A space in the middle of a code must not press the button that has the focus.
      if (isOfScan) event.preventDefault();
    }
  };
  const onPaste = (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (isField(event.target) || !text.trim()) return;
    event.preventDefault();
    take(text);
  };

  addEventListener("keydown", onKey, true);
  document.addEventListener("paste", onPaste);
  return () => {
    removeEventListener("keydown", onKey, true);
    document.removeEventListener("paste", onPaste);
  };
}

function isField(element) {
  return element instanceof HTMLElement && element.matches("input:not([type=radio], [type=checkbox]), textarea, select");
}
