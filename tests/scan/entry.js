// What the tests reach of the app's machinery, by name; built with the modules themselves, never a copy of them.

import * as bytes from "../../static/js/scan/bytes.js";
import * as contact from "../../static/js/scan/contact.js";
import * as crypto from "../../static/js/scan/crypto.js";
import * as phones from "../../static/js/scan/phone.js";
import * as rt1 from "../../static/js/scan/rt1.js";
import * as rules from "../../static/js/scan/rules.js";
import * as store from "../../static/js/scan/store.js";
import * as vault from "../../static/js/scan/vault.js";

// A phone whose clock the test turns: `scan.clock` is added to the time of day, in ms.
const scan = { bytes, contact, crypto, rt1, rules, store, vault, clock: 0, phone: null };

scan.open = async (options = {}) => {
  scan.phone?.close();
  scan.phone = await phones.openPhone({ now: () => Date.now() + scan.clock, ...options });
  return scan.phone;
};

// Enrol without a server: what it would have told.
scan.enrolAs = async ({ secret, ...record }) => {
  const publicKey = await scan.phone.vault.publicKey();
  await scan.phone.vault.keepSecret(bytes.fromB64(secret));
  await scan.phone.device.keep(record);
  return bytes.toB64(publicKey);
};

scan.addOperator = ({ credential, ...person }, pin) => scan.phone.operators.add({ ...person, credential: bytes.fromB64(credential) }, pin);

scan.apply = (manifest, settled) => scan.phone.roster.applyManifest(bytes.fromB64(manifest), settled);

// The card of a text, as plain data.
scan.judge = async (text, asked) => {
  const card = await scan.phone.judge(await rt1.parseText(text), asked);
  return JSON.parse(JSON.stringify({ ...card, campaign: card.campaign?.number ?? null }));
};

scan.record = async (kind, text, { asked, ...fields } = {}) => {
  const presented = await rt1.parseText(text);
  const card = await scan.phone.judge(presented, asked);
  return scan.phone.outbox.record(kind, { presented, card, ...fields });
};

// What `work` throws, as {code, details}; null if it throws nothing.
scan.problemOf = async (work) => {
  try {
    await work();
    return null;
  } catch (error) {
    return { code: error.code ?? String(error), details: error.details ?? {} };
  }
};

// Every record of every store as it lies there, bytes as base64url, keys by their kind.
scan.disk = async () => {
  const db = await new Promise((resolve, reject) => {
    const asked = indexedDB.open("relief-scan");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const plain = (value) => {
    if (value instanceof CryptoKey) return { cryptoKey: value.type, extractable: value.extractable };
    if (value instanceof Uint8Array || value instanceof ArrayBuffer) return bytes.toB64(new Uint8Array(value));
    if (Array.isArray(value)) return value.map(plain);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
    return value;
  };
  const found = {};
  for (const name of db.objectStoreNames) {
    const all = (method) => new Promise((resolve) => {
      const asked = db.transaction(name).objectStore(name)[method]();
      asked.onsuccess = () => resolve(asked.result);
    });
    const [keys, values] = [await all("getAllKeys"), await all("getAll")];
    found[name] = Object.fromEntries(keys.map((key, at) => [key, plain(values[at])]));
  }
  db.close();
  return found;
};

globalThis.scan = scan;
