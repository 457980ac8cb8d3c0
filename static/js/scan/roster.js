// The manifest on this phone: what the server said of campaigns, tokens and, for 48 hours, of the families of this point.
//
// A manifest is taken whole or not at all: its signature, the digest of every part, the phone that it is for and its number are
// checked before anything of it counts. Parts lie under their digests, so those that did not change are neither sent nor
// written again.

import { bitAt, fromB64, fromUtf8, readNumber, toHex, utf8 } from "./bytes.js";
import * as crypto from "./crypto.js";
import { Problem } from "./problem.js";

const HOUR_MS = 3_600_000;
const DIGEST_BYTES = 16;
const WRITE_BYTES = 4_000_000; // So much goes into one transaction: few of them, and none too large for a small phone.
const OPEN_BYTES = 32_000_000; // So much lies open in memory while somebody works: 200,000 families take 21 MB.
const WARM_PARTS = 64;
const HEADER = "manifest";
const ROW = ["serial", "reissue", "band", "familyCode", "name", "size", "holderTag", "hasCnic", "code"];

export class Roster {
  #store;
  #vault;
  #operators;
  #contact;
  #campaigns = new Map();
  #open = new Map(); // Opened shards by digest, as bytes: read once, for every look-up costs a slow phone its disk.
  #openBytes = 0;
  header = null;
  settled = 0; // What this phone recorded up to this counter is in the manifest's bitmaps.

  constructor({ store, vault, operators, contact }) {
    this.#store = store;
    this.#vault = vault;
    this.#operators = operators;
    this.#contact = contact;
  }

  // Read what is on the disk. Returns whether there is a manifest.
  async load() {
    const kept = await this.#store.get("meta", HEADER);
    if (!kept) return false;
    const { header, settled } = await this.#vault.open(kept, HEADER);
    await this.#take(header, settled);
    return true;
  }

  // The digests that need not be sent again.
  async have() {
    await this.expireIfDue();
    return this.#store.read(["shards", "parts"], async (tx) => {
      const shards = this.#operators.rosterKey ? await tx.objectStore("shards").getAllKeys() : [];
      return [...shards, ...(await tx.objectStore("parts").getAllKeys())];
    });
  }

  // Take in a manifest as it came; `settled` is the last event that the server had answered when it was asked for it.
  // Throws Problem "manifest.damaged", "manifest.forged", "manifest.other_device", "manifest.older".
  async applyManifest(bytes, settled = this.settled) {
    const [first, ...parts] = framesOf(bytes);
    const header = await this.#checkedHeader(first);
    const wanted = digestsOf(header);
    const key = await this.#operators.ensureRosterKey();
    const shards = await this.#keepParts(parts, wanted, key);
    await this.#switchTo(header, wanted, settled);
    for (const [digest, part] of shards) this.#hold(digest, part.slice());
    await this.#operators.refresh(header.operators);
    return header;
  }

  // Open what lies on the disk, a little at a time; to be called when somebody has unlocked the phone.
  async warm() {
    const parts = this.campaigns.flatMap(({ roster, codes }) => [...roster.parts, ...codes.parts]);
    const missing = parts.map(({ digest }) => digest).filter((digest) => !this.#open.has(digest));
    for (let at = 0; at < missing.length && this.#openBytes < OPEN_BYTES; at += WARM_PARTS) {
      const digests = missing.slice(at, at + WARM_PARTS);
      const get = (tx) => Promise.all(digests.map((digest) => tx.objectStore("shards").get(digest)));
      const records = await this.#store.read(["shards"], get);
      await Promise.all(records.map((record, n) => this.#unseal(digests[n], record)));
    }
  }

  get campaigns() {
    return this.header?.campaigns ?? [];
  }

  // A campaign by its number: as in the header, with `bits` for its bitmaps and its rests; undefined where unknown.
  campaign(number) {
    return this.#campaigns.get(number);
  }

  // How long ago the server was heard, in ms, and whether the families of this point are known here and now.
  async state() {
    await this.expireIfDue();
    const last = await this.#contact.last();
    const hasFamilies = this.#operators.rosterKey !== null && this.header !== null;
    return { age: last?.age ?? null, contactAt: last?.at ?? null, hasFamilies };
  }

  // Take the families away if the server was not heard for too long. Returns whether they are gone for that.
  async expireIfDue() {
    const last = await this.#contact.last();
    if (!last || !this.header || last.age < this.header.roster_hours * HOUR_MS) return false;
    this.#forget();
    const left = await this.#store.read(["shards"], (tx) => tx.objectStore("shards").count());
    if (left || this.#operators.rosterKey) await this.#operators.shredRoster();
    return true;
  }

  // The family with that serial, null where it is none of this point's or the roster is gone.
  async findBySerial(campaignNumber, serial) {
    const campaign = this.campaign(campaignNumber);
    if (!campaign || (await this.expireIfDue())) return null;
    const { parts, shard_size: size } = campaign.roster;
    const part = parts.find(({ from }) => serial >= from && serial < from + size);
    const rows = part ? await this.#rowsOf(part.digest) : null;
    const row = rows?.find(([number]) => number === serial);
    return row ? Object.fromEntries(ROW.map((name, at) => [name, row[at]])) : null;
  }

  // {campaign, row} of a typed code, null where no family of this point has it.
  async findByCode(digits) {
    if (await this.expireIfDue()) return null;
    for (const { number, codes } of this.campaigns) {
      const bucket = codes.buckets ? Number(digits.slice(0, 9)) % codes.buckets : -1;
      const part = codes.parts.find((one) => one.bucket === bucket);
      const found = (part ? await this.#rowsOf(part.digest) : null)?.find(([code]) => String(code).padStart(12, "0") === digits);
      const row = found && (await this.findBySerial(number, found[1]));
      if (row) return { campaign: number, row };
    }
    return null;
  }

  async #checkedHeader(frame) {
    let header;
    let said;
    try {
      said = JSON.parse(fromUtf8(frame));
      header = JSON.parse(said.header);
    } catch {
      throw new Problem("manifest.damaged");
    }
    const device = await this.#vault.open((await this.#store.get("meta", "device")) ?? missing(), "device");
    const signed = utf8(`relief manifest 1\n${said.header}`);
    const isGenuine = await crypto.verifySignature(fromB64(device.manifestKey), signed, fromB64(said.signature));
    if (!isGenuine) throw new Problem("manifest.forged");
    if (header.version !== 1) throw new Problem("manifest.unknown_version");
    if (header.device !== device.device) throw new Problem("manifest.other_device");
    if (this.header && header.sequence < this.header.sequence) throw new Problem("manifest.older");
    return header;
  }

  // Seal and write the new parts, some megabytes at a time; until the header follows nothing looks at them. Returns those of the
  // roster, by their digests.
  async #keepParts(parts, wanted, rosterKey) {
    const shards = new Map();
    let batch = [];
    let size = 0;
    const flush = async () => {
      const records = await Promise.all(batch.map((part) => this.#sealed(part, wanted, rosterKey)));
      const put = (tx) => Promise.all(records.map(([store, record, digest]) => tx.objectStore(store).put(record, digest)));
      await this.#store.write(["shards", "parts"], put, { strict: false });
      records.forEach(([store, , digest], at) => store === "shards" && shards.set(digest, batch[at]));
      [batch, size] = [[], 0];
    };
    for (const part of parts) {
      batch.push(part);
      size += part.length;
      if (size > WRITE_BYTES) await flush();
    }
    if (batch.length) await flush();
    return shards;
  }

  async #sealed(part, wanted, rosterKey) {
    const digest = toHex((await crypto.sha256(part)).subarray(0, DIGEST_BYTES));
    const store = wanted.get(digest);
    if (!store) throw new Problem("manifest.damaged");
    return [store, await (store === "shards" ? crypto.seal(rosterKey, part, digest) : this.#vault.sealBytes(part, digest)), digest];
  }

  // The header, the contact and the end of what vanished in one transaction; refused if a part is missing.
  async #switchTo(header, wanted, settled) {
    const contact = this.#contact.fresh(header.server_time);
    const sealed = await this.#vault.seal({ header, settled }, HEADER);
    await this.#store.write(["meta", "shards", "parts"], async (tx) => {
      const kept = new Set();
      for (const name of ["shards", "parts"]) {
        const store = tx.objectStore(name);
        for (const digest of await store.getAllKeys()) {
          if (wanted.get(digest) === name) kept.add(digest);
          else await store.delete(digest);
        }
      }
      if (kept.size < wanted.size) throw new Problem("manifest.incomplete");
      await tx.objectStore("meta").put(sealed, HEADER);
      await tx.objectStore("meta").put(contact, "contact");
    });
    this.#contact.noted(contact);
    await this.#take(header, settled);
  }

  async #take(header, settled) {
    const campaigns = new Map();
    for (const campaign of header.campaigns) {
      campaigns.set(campaign.number, { ...campaign, ...(await this.#openBitmaps(campaign)) });
    }
    this.header = header;
    this.settled = settled;
    this.#campaigns = campaigns;
    const wanted = digestsOf(header);
    for (const digest of [...this.#open.keys()].filter((one) => !wanted.has(one))) this.#drop(digest);
  }

  async #openBitmaps({ revoked, replaced, redeemed, rests, holder_key: holderKey }) {
    const part = async (digest) => this.#vault.openBytes(await this.#store.get("parts", digest), digest);
    const [revokedBits, replacedBits, restsJson] = await Promise.all([part(revoked), part(replaced), part(rests)]);
    const redeemedBits = {};
    for (const [instalment, digest] of Object.entries(redeemed)) redeemedBits[instalment] = await part(digest);
    return {
      isRevoked: (serial) => bitAt(revokedBits, serial),
      isReplaced: (serial) => bitAt(replacedBits, serial),
      isRedeemed: (serial, instalment) => instalment in redeemedBits && bitAt(redeemedBits[instalment], serial),
      restsOf: ((all) => (serial) => all[serial] ?? {})(JSON.parse(fromUtf8(restsJson))),
      holderHmac: holderKey ? await crypto.importHmac(fromB64(holderKey)) : null,
    };
  }

  // The rows of a shard or bucket, null while locked or where the roster is gone.
  async #rowsOf(digest) {
    if (!this.#operators.rosterKey) this.#forget();
    else if (!this.#open.has(digest)) await this.#unseal(digest, await this.#store.get("shards", digest));
    const plain = this.#open.get(digest);
    if (this.#openBytes > OPEN_BYTES) this.#drop(digest);
    return plain ? JSON.parse(fromUtf8(plain)) : null;
  }

  async #unseal(digest, record) {
    const key = this.#operators.rosterKey;
    if (record && key) this.#hold(digest, await crypto.open(key, record, digest));
  }

  #hold(digest, plain) {
    this.#drop(digest);
    this.#open.set(digest, plain);
    this.#openBytes += plain.length;
  }

  #drop(digest) {
    this.#openBytes -= this.#open.get(digest)?.length ?? 0;
    this.#open.delete(digest);
  }

  #forget() {
    this.#open.clear();
    this.#openBytes = 0;
  }
}

function missing() {
  throw new Problem("device.not_enrolled");
}

// The parts of an answer: each a length in four bytes and so many bytes.
export function framesOf(bytes) {
  const frames = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + (at + 4 <= bytes.length ? readNumber(bytes, at, at + 4) : Infinity);
    if (end > bytes.length) throw new Problem("manifest.damaged"); // Cut on the way.
    frames.push(bytes.subarray(at + 4, end));
    at = end;
  }
  if (!frames.length) throw new Problem("manifest.damaged");
  return frames;
}

// Every part that a header names, with the store that it belongs into.
function digestsOf({ campaigns }) {
  const wanted = new Map();
  for (const { roster, codes, revoked, replaced, redeemed, rests } of campaigns) {
    for (const { digest } of [...roster.parts, ...codes.parts]) wanted.set(digest, "shards");
    for (const digest of [revoked, replaced, rests, ...Object.values(redeemed)]) wanted.set(digest, "parts");
  }
  return wanted;
}
