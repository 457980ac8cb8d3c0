// The few cryptographic acts of the app, over WebCrypto; what a browser may lack, or is wanted once a day, is loaded when needed.

import { concat, fromB64, toB64, utf8 } from "./bytes.js";

const subtle = () => globalThis.crypto.subtle;
const ED25519 = { name: "Ed25519" };
const IV_BYTES = 12;
const ENC_BYTES = 65; // An uncompressed point of P-256 stands before what HPKE sealed.

export const randomBytes = (count) => globalThis.crypto.getRandomValues(new Uint8Array(count));
export const sha256 = async (bytes) => new Uint8Array(await subtle().digest("SHA-256", bytes));

// --- HMAC-SHA256 and the stretching of a PIN -----------------------------------------------------------------------------

const HMAC = { name: "HMAC", hash: "SHA-256" };
export const importHmac = (raw) => subtle().importKey("raw", raw, HMAC, false, ["sign"]);
// A key of 256 bits: the default would be the block's 512.
export const makeHmac = () => subtle().generateKey({ ...HMAC, length: 256 }, false, ["sign"]);
export const hmac = async (key, bytes) => new Uint8Array(await subtle().sign("HMAC", key, bytes));

// 32 bytes of PBKDF2-SHA256 over a PIN.
export async function stretch(pin, salt, iterations) {
  const key = await subtle().importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
  const asked = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await subtle().deriveBits(asked, key, 256));
}

// --- AES-256-GCM ---------------------------------------------------------------------------------------------------------

export const makeSealingKey = () => subtle().generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
export const importSealingKey = (raw) => subtle().importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

// {iv, data}; `context` is bound in, so that one record never passes for another.
export async function seal(key, bytes, context) {
  const iv = randomBytes(IV_BYTES);
  const data = await subtle().encrypt({ name: "AES-GCM", iv, additionalData: utf8(context) }, key, bytes);
  return { iv, data: new Uint8Array(data) };
}

// The bytes of a sealed record; throws an OperationError where key, context or record are wrong.
export async function open(key, { iv, data }, context) {
  return new Uint8Array(await subtle().decrypt({ name: "AES-GCM", iv, additionalData: utf8(context) }, key, data));
}

// --- Ed25519 -------------------------------------------------------------------------------------------------------------

let native; // Whether this browser knows Ed25519; found out once.
const isNative = () => (native ??= subtle().generateKey(ED25519, false, ["sign", "verify"]).then(() => true, () => false));
const noble = () => import("@noble/ed25519");

// A key pair {publicKey: raw bytes, privateKey: CryptoKey} or, where the browser lacks Ed25519, {publicKey, secret: 32 bytes}.
export async function makeSigningPair() {
  if (!(await isNative())) {
    const { secretKey, publicKey } = await (await noble()).keygenAsync();
    return { publicKey, secret: secretKey };
  }
  const pair = await subtle().generateKey(ED25519, false, ["sign", "verify"]);
  return { publicKey: new Uint8Array(await subtle().exportKey("raw", pair.publicKey)), privateKey: pair.privateKey };
}

export async function sign({ privateKey, secret }, message) {
  if (privateKey) return new Uint8Array(await subtle().sign(ED25519, privateKey, message));
  return (await noble()).signAsync(message, secret);
}

const imported = new Map(); // Public keys as the browser wants them: importing takes as long as checking.

function importPublic(publicKey) {
  const name = toB64(publicKey);
  if (!imported.has(name)) imported.set(name, subtle().importKey("raw", publicKey, ED25519, true, ["verify"]));
  return imported.get(name);
}

// Whether the key signed the message. Strict (RFC 8032) both ways, so that a token has one spelling.
export async function verifySignature(publicKey, message, signature) {
  try {
    if (await isNative()) return await subtle().verify(ED25519, await importPublic(publicKey), signature, message);
    return await (await noble()).verifyAsync(signature, message, publicKey, { zip215: false });
  } catch {
    return false; // A key or a signature that is none at all.
  }
}

// --- HPKE (RFC 9180): P-256, HKDF-SHA256, AES-256-GCM, single shot -----------------------------------------------------------

async function hpke() {
  const { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } = await import("@hpke/core");
  return new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
}

// What only the holder of the private half of `publicKey` (65 bytes) can open: enc || ciphertext.
export async function sealTo(publicKey, info, bytes) {
  const suite = await hpke();
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey);
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: utf8(info) }, bytes);
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}

export async function openSealed(recipientKey, info, sealed) {
  const suite = await hpke();
  const enc = sealed.slice(0, ENC_BYTES);
  return new Uint8Array(await suite.open({ recipientKey, enc, info: utf8(info) }, sealed.slice(ENC_BYTES)));
}

const ECDH = { name: "ECDH", namedCurve: "P-256" };

// A pair to seal to: {publicKey: 65 bytes, privateText: the private half as text, to be locked away}.
export async function makeExchangePair() {
  const pair = await subtle().generateKey(ECDH, true, ["deriveBits"]);
  const publicKey = new Uint8Array(await subtle().exportKey("raw", pair.publicKey));
  return { publicKey, privateText: toB64(new Uint8Array(await subtle().exportKey("pkcs8", pair.privateKey))) };
}

export async function importExchangePair(publicKey, privateText) {
  return {
    publicKey: await subtle().importKey("raw", publicKey, ECDH, true, []),
    privateKey: await subtle().importKey("pkcs8", fromB64(privateText), ECDH, false, ["deriveBits"]),
  };
}
