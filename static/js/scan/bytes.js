// Bytes and the texts that they travel in: UTF-8, hex, base64url, base45 (RFC 9285); digits of every keyboard.

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true });

export const utf8 = (text) => ENCODER.encode(text);
// Throws a TypeError where the bytes are not UTF-8.
export const fromUtf8 = (bytes) => DECODER.decode(bytes);

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

// The number in bytes[from, to), big-endian; at most six bytes, so that it stays exact.
export function readNumber(bytes, from, to) {
  let number = 0;
  for (let at = from; at < to; at++) number = number * 256 + bytes[at];
  return number;
}

// A number as so many bytes, big-endian.
export function numberBytes(number, size) {
  const bytes = new Uint8Array(size);
  for (let at = size - 1; at >= 0; at--) {
    bytes[at] = number % 256;
    number = Math.floor(number / 256);
  }
  return bytes;
}

// Whether bit i is set, lowest bit first; beyond the end it is not.
export const bitAt = (bytes, i) => i >>> 3 < bytes.length && ((bytes[i >>> 3] >>> (i & 7)) & 1) === 1;

export function toHex(bytes) {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

// base64url without padding.
export function toB64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromB64(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

export function toBase45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const isPair = at + 1 < bytes.length;
    const value = isPair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    text += BASE45[value % 45] + BASE45[Math.floor(value / 45) % 45] + (isPair ? BASE45[Math.floor(value / 2025)] : "");
  }
  return text;
}

// The bytes of a base45 text, null where it is none.
export function fromBase45(text) {
  const digits = Array.from(text, (letter) => BASE45.indexOf(letter));
  if (digits.includes(-1) || digits.length % 3 === 1) return null;
  const bytes = [];
  for (let at = 0; at < digits.length; at += 3) {
    const isPair = at + 2 < digits.length;
    const value = digits[at] + digits[at + 1] * 45 + (isPair ? digits[at + 2] * 2025 : 0);
    if (value > (isPair ? 0xffff : 0xff)) return null;
    if (isPair) bytes.push(value >>> 8);
    bytes.push(value & 0xff);
  }
  return Uint8Array.from(bytes);
}

const DIGITS = new Map(Array.from("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", (mark, at) => [mark, String(at % 10)]));

// Arabic and Urdu digits written as 0 to 9.
export const foldDigits = (text) => text.replace(/[٠-٩۰-۹]/g, (mark) => DIGITS.get(mark));
