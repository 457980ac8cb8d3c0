// RT1, the relief token, as a phone reads it: its two texts, the typed code beside it, and the check of its signature.
//
// The same rules as relief/papers/rt1.py and relief/kernel/codes.py: only the one spelling that is printed is taken, so that
// a token has no second text; the signature is over the COSE Sig_structure that the 15-byte body stands for.

import { concat, foldDigits, fromBase45, fromHex, numberBytes, readNumber, toHex, utf8 } from "./bytes.js";
import { hmac, sha256, verifySignature } from "./crypto.js";

export const TOKEN_BYTES = 79;
const BODY_BYTES = 15;
const DIGITS = 191;
const VERSION_1 = 0x10;
const COMPACT_PREFIX = "R1:";
const COMPACT_LENGTH = 119;
const PAGE_PREFIX = "R2:";
const LONGEST_TEXT = 1000;
const DAY_MS = 86_400_000;
const EPOCH_MS = Date.UTC(2020, 0, 1);
const PAKISTAN_S = 5 * 3600;

const URL_TEXT = new RegExp(`^HTTPS?://[^/\\s]+/V/([0-9]{${DIGITS}})$`);
const BROKEN_URL = /^HTTPS?:\/\/[^/\s]+\/V\/[0-9]{30}/;
// What scanners and clipboards add: control characters, invisible marks, and the AIM symbology identifier in front.
const NOISE = /[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
const AIM = /^\][A-Za-z][0-9]/;
const MARKS = /[\s\-–—.\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffc]/g;

// What a scanned, pasted or typed text is; never refuses, for what cannot be read is shown and recorded as such.
//   {kind: "token", bytes: the 79, body} | {kind: "code", digits} | {kind: "page", bytes}
//   {kind: "other", digest: hex SHA-256 of the text, reason: "not_ours" | "damaged" | "unknown_version"}
export async function parseText(text) {
  const digits = codeOf(text);
  if (digits) return { kind: "code", digits };
  const read = text.length > LONGEST_TEXT ? { reason: "not_ours" } : readPaper(text);
  if (read.kind) return read;
  return { kind: "other", digest: toHex(await sha256(utf8(text.trim()))), reason: read.reason };
}

// The 12 digits of a typed code whose check holds (ISO 7064 Mod 97-10), in Western, Urdu or Arabic digits; else null.
export function codeOf(text) {
  const digits = foldDigits(text).replace(MARKS, "");
  if (!/^[0-9]{12}$/.test(digits) || Number(digits) % 97 !== 1) return null;
  const check = digits.slice(-2);
  return check >= "02" && check <= "98" ? digits : null; // 00, 01 and 99 would be second codes of one number.
}

function readPaper(text) {
  const plain = foldDigits(text.replace(NOISE, "")).trim().replace(AIM, "");
  if (!/^[\x20-\x7e]+$/.test(plain)) return { reason: "not_ours" };
  const capitals = plain.toUpperCase();
  if (capitals.startsWith(PAGE_PREFIX)) {
    const bytes = fromBase45(capitals.slice(PAGE_PREFIX.length));
    return bytes ? { kind: "page", bytes } : { reason: "damaged" };
  }
  const bytes = capitals.startsWith(COMPACT_PREFIX) ? readCompact(capitals) : readUrl(capitals);
  if (typeof bytes === "string") return { reason: bytes };
  return bytes[0] === VERSION_1 ? { kind: "token", bytes, body: readBody(bytes) } : { reason: "unknown_version" };
}

function readCompact(capitals) {
  const letters = capitals.slice(COMPACT_PREFIX.length);
  const bytes = letters.length === COMPACT_LENGTH ? fromBase45(letters) : null;
  return bytes?.length === TOKEN_BYTES ? bytes : "damaged";
}

function readUrl(capitals) {
  const match = URL_TEXT.exec(capitals);
  if (!match) return BROKEN_URL.test(capitals) ? "damaged" : "not_ours";
  const hex = BigInt(match[1]).toString(16).padStart(2 * TOKEN_BYTES, "0");
  return hex.length === 2 * TOKEN_BYTES ? fromHex(hex) : "damaged";
}

// What the 15 bytes say; `expiresOn` is the last good day.
export function readBody(bytes) {
  return {
    keyId: bytes[1],
    campaign: readNumber(bytes, 2, 4),
    serial: readNumber(bytes, 4, 7),
    reissue: bytes[7],
    entitlement: bytes[8],
    point: readNumber(bytes, 9, 11),
    expiresOn: new Date(EPOCH_MS + readNumber(bytes, 11, 13) * DAY_MS).toISOString().slice(0, 10),
    holderTag: readNumber(bytes, 13, 15),
  };
}

// Whether the campaign's key (32 bytes) signed the token.
export function verify(token, publicKey) {
  if (token.length !== TOKEN_BYTES || token[0] !== VERSION_1) return Promise.resolve(false);
  return verifySignature(publicKey, signedBytes(token), token.slice(BODY_BYTES));
}

// The deterministic CBOR of ["Signature1", protected, h'', payload] of a token's body.
export function signedBytes(token) {
  const expiry = EPOCH_MS / 1000 - PAKISTAN_S + (readNumber(token, 11, 13) + 1) * (DAY_MS / 1000);
  const payload = concat(
    [0xa3, 0x04], uint(expiry),
    [0x07, 0x46], token.subarray(2, 8),
    [0x3a, 0x00, 0x01, 0x11, 0x70, 0x84], uint(token[0]), uint(token[8]), uint(readNumber(token, 9, 11)),
    [0x42], token.subarray(13, 15),
  );
  const head = concat([0x84, 0x6a], utf8("Signature1"), [0x48, 0xa2, 0x01, 0x27, 0x04, 0x43], token.subarray(1, 4));
  return concat(head, [0x40, 0x58, payload.length], payload);
}

// The shortest CBOR of an unsigned number below 2^48.
function uint(number) {
  if (number < 24) return [number];
  if (number < 0x100) return [0x18, number];
  if (number < 0x10000) return [0x19, ...numberBytes(number, 2)];
  return number < 0x100000000 ? [0x1a, ...numberBytes(number, 4)] : [0x1b, ...numberBytes(number, 8)];
}

// The tag that ties a token to its holder: the first 2 bytes of HMAC(key, serial in 3 bytes, the 13 digits of a CNIC), never 0.
export async function holderTagOf(key, serial, cnicDigits) {
  return readNumber(await hmac(key, concat(numberBytes(serial, 3), utf8(cnicDigits))), 0, 2) || 1;
}
