// The people who work with this phone: what their PIN opens, and how wrong PINs and long silence take the roster away.
//
// A PIN of six digits is soon guessed by a machine, so its key is mixed with a secret of the server's that no script can read.
// It opens the operator's credential and the private half of a pair; the roster's key is sealed to the public half. So the key
// can be renewed for all who work with the phone while only one of them is there.

import { foldDigits, fromB64, fromUtf8, toB64, utf8 } from "./bytes.js";
import * as crypto from "./crypto.js";
import { Problem } from "./problem.js";

const ROUNDS = 310_000; // PBKDF2-SHA256; OWASP's figure of 2021. More would be felt at every unlocking on a cheap phone.
const WRONG_PINS = 5;
const ROSTER_INFO = "relief roster 1";
const PIN = /^[0-9]{6,32}$/;

export class Operators {
  #store;
  #vault;
  #session = null;
  onUnlock = () => {}; // Called when somebody has unlocked the phone.

  constructor(store, vault) {
    this.#store = store;
    this.#vault = vault;
  }

  // Who may unlock this phone: [{id, name, staffedOn, wrong: wrong PINs so far}], by name.
  async list() {
    const records = await this.#store.read(["operators"], (tx) => tx.objectStore("operators").getAll());
    const profileOf = ({ id, profile }) => this.#vault.open(profile, `operator ${id}`);
    const opened = records.map(async (record) => ({ id: record.id, wrong: record.wrong, ...(await profileOf(record)) }));
    return (await Promise.all(opened)).sort((one, other) => one.name.localeCompare(other.name));
  }

  // Who works now: {id, name, staffedOn}, null while locked.
  get current() {
    return this.#session && { ...this.#session.profile };
  }

  // Throws Problem "pin.too_short" unless the PIN has six digits or more, in any keyboard's digits.
  checkPin(pin) {
    if (!PIN.test(plainPin(pin))) throw new Problem("pin.too_short");
  }

  // Make what the PIN opens for someone whom the server knows: {id, name, staffedOn, credential: bytes}; the phone is then theirs.
  // Throws Problem "pin.too_short".
  async add({ id, name, staffedOn, credential }, pin) {
    this.checkPin(pin);
    const salt = crypto.randomBytes(16);
    const locking = await this.#keyOf(pin, salt, ROUNDS);
    const { publicKey, privateText } = await crypto.makeExchangePair();
    const secrets = utf8(JSON.stringify({ credential: toB64(credential), privateText }));
    const profile = { name, staffedOn };
    const record = {
      id, salt, rounds: ROUNDS, publicKey, wrong: 0, roster: null,
      profile: await this.#vault.seal(profile, `operator ${id}`),
      locked: await crypto.seal(locking, secrets, `operator ${id}`),
    };
    const known = this.#session?.roster ?? null;
    if (known) record.roster = await crypto.sealTo(publicKey, ROSTER_INFO, known.raw);
    await this.#store.put("operators", record);
    this.#session = { profile: { id, ...profile }, credential: await crypto.importHmac(credential), roster: known };
    return this.current;
  }

  // Open the phone for an operator. Throws Problem "pin.wrong" {left}, "pin.shredded", "operator.unknown".
  async unlock(id, pin) {
    const record = await this.#countTry(id); // First, so that ending the app in time gains no further try.
    // Several pages may try at once: no more than five tries are looked at.
    const secrets = record.wrong > WRONG_PINS ? null : await this.#tryPin(record, pin);
    if (!secrets) {
      if (record.wrong < WRONG_PINS) throw new Problem("pin.wrong", { left: WRONG_PINS - record.wrong });
      await this.#shredFor(id);
      throw new Problem("pin.shredded");
    }
    await this.#change(id, (kept) => ({ ...kept, wrong: 0 }));
    const { credential, privateText } = secrets;
    const profile = { id, ...(await this.#vault.open(record.profile, `operator ${id}`)) };
    const roster = record.roster ? await this.#openRosterKey(record, privateText) : null;
    this.#session = { profile, credential: await crypto.importHmac(fromB64(credential)), roster };
    this.onUnlock();
    return this.current;
  }

  lock() {
    this.#session = null;
  }

  // The first 16 bytes of the HMAC by which the working operator owns a text. Throws Problem "operator.locked".
  async mac(message) {
    const mac = await crypto.hmac(this.#working().credential, message);
    return mac.slice(0, 16);
  }

  // The key of the roster for whoever works now; null while locked, or when the roster is gone.
  get rosterKey() {
    return this.#session?.roster?.key ?? null;
  }

  // The same, made anew where there is none: what lay under an earlier one goes. Throws Problem "operator.locked".
  async ensureRosterKey() {
    const session = this.#working();
    if (session.roster) return session.roster.key;
    const raw = crypto.randomBytes(32);
    const records = await this.#store.read(["operators"], (tx) => tx.objectStore("operators").getAll());
    const sealed = new Map();
    for (const { id, publicKey } of records) sealed.set(id, await crypto.sealTo(publicKey, ROSTER_INFO, raw));
    const key = await crypto.importSealingKey(raw);
    await this.#store.write(["operators", "shards"], async (tx) => {
      const operators = tx.objectStore("operators");
      for (const record of await operators.getAll()) await operators.put({ ...record, roster: sealed.get(record.id) ?? null });
      await tx.objectStore("shards").clear();
    });
    session.roster = { raw, key };
    return key;
  }

  // Take roster and key away; unsent events, keys of campaigns and bitmaps stay.
  async shredRoster() {
    if (this.#session) this.#session.roster = null;
    await this.#store.write(["operators", "shards"], (tx) => shred(tx));
  }

  // Take in what a manifest says of the people of this point: their names and their days.
  async refresh(people) {
    for (const { id, name, staffed_on: staffedOn } of people) {
      const profile = await this.#vault.seal({ name, staffedOn }, `operator ${id}`);
      await this.#change(id, (kept) => ({ ...kept, profile }));
      if (this.#session?.profile.id === id) this.#session.profile = { id, name, staffedOn };
    }
  }

  #working() {
    if (!this.#session) throw new Problem("operator.locked");
    return this.#session;
  }

  async #keyOf(pin, salt, rounds) {
    return crypto.importSealingKey(await this.#vault.mixSecret(await crypto.stretch(plainPin(pin), salt, rounds)));
  }

  async #tryPin({ id, salt, rounds, locked }, pin) {
    try {
      return JSON.parse(fromUtf8(await crypto.open(await this.#keyOf(pin, salt, rounds), locked, `operator ${id}`)));
    } catch (error) {
      if (error?.name === "OperationError") return null;
      throw error;
    }
  }

  async #openRosterKey({ publicKey, roster }, privateText) {
    const pair = await crypto.importExchangePair(publicKey, privateText);
    const raw = await crypto.openSealed(pair, ROSTER_INFO, roster);
    return { raw, key: await crypto.importSealingKey(raw) };
  }

  async #countTry(id) {
    const counted = await this.#change(id, (kept) => ({ ...kept, wrong: kept.wrong + 1 }));
    if (!counted) throw new Problem("operator.unknown");
    return counted;
  }

  #shredFor(id) {
    if (this.#session) this.#session = null;
    return this.#store.write(["operators", "shards"], async (tx) => {
      await tx.objectStore("operators").delete(id);
      await shred(tx);
    });
  }

  // The changed record, undefined where there is none.
  #change(id, change) {
    return this.#store.write(["operators"], async (tx) => {
      const kept = await tx.objectStore("operators").get(id);
      if (!kept) return undefined;
      const changed = change(kept);
      await tx.objectStore("operators").put(changed);
      return changed;
    });
  }
}

const plainPin = (pin) => foldDigits(pin).trim();

async function shred(tx) {
  const operators = tx.objectStore("operators");
  for (const record of await operators.getAll()) await operators.put({ ...record, roster: null });
  await tx.objectStore("shards").clear();
}
