// The outbox: every event of this phone, chained, signed and sealed, on the disk before the card says done.
//
// One transaction writes the event with the head of its chain, or neither. Everything slow is worked out before it; if
// another page of the app wrote in between, the work is done again. What the server is told is sealed to the server: the phone
// cannot read it again and keeps a small note of its own, by which it knows what it gave.

import { concat, toB64, toHex, utf8 } from "./bytes.js";
import * as crypto from "./crypto.js";
import { dayOf } from "./days.js";
import { Problem } from "./problem.js";

const FIRST = { counter: 0, hash: "0".repeat(64) };
const EVENT_CONTEXT = "relief event 1\n";
const LARGEST = { photo: 40_000, signature_image: 20_000 };
const KEPT_MS = 7 * 86_400_000;
export const MOST_IN_BATCH = 500;
const MOST_BYTES = 4_000_000; // A batch with many photos is cut earlier: a slow link must get it through in one go.

export class Outbox {
  #store;
  #vault;
  #operators;
  #roster;
  #device;
  #now;
  #content = null; // {kid, key, sealed}: made anew at each start, never on the disk in clear.
  #turn = Promise.resolve();

  constructor({ store, vault, operators, roster, device, now = Date.now }) {
    this.#store = store;
    this.#vault = vault;
    this.#operators = operators;
    this.#roster = roster;
    this.#device = device;
    this.#now = now;
  }

  // Record an event. kind: "scan" | "hand_over". fields:
  //   presented: from parseText; card: from judge; given: {line: amount}, all that is due unless told (hand-overs);
  //   proof, answer, proxy: {name, relation, last_four}; gps: {lon, lat, accuracy_m}; reason;
  //   photo, signatureImage: bytes.
  // Resolves with {id, counter, at} when the event is on the disk. Throws Problem "storage.full", "storage.evicted",
  // "operator.locked", "photo.too_large"; then nothing was written.
  record(kind, fields) {
    return this.#inTurn(() => this.#record(kind, fields));
  }

  // Take a hand-over of this phone back, while the goods are still on the table. Throws Problem "undo.not_possible".
  undo(eventId, reason) {
    return this.#inTurn(async () => {
      const [event] = await this.#notes((tx) => tx.objectStore("events").index("id").getAll(eventId));
      const others = event?.kind === "hand_over" ? await this.eventsOf(event.campaign, event.serial) : [];
      if (event?.kind !== "hand_over" || others.some(({ undoes }) => undoes === eventId)) throw new Problem("undo.not_possible");
      return this.#record("undo", { undone: event, reason });
    });
  }

  // What this phone recorded of one family, oldest first: [{id, counter, kind, instalment, given, at, operator, verdict, undoes}].
  async eventsOf(campaign, serial) {
    const tag = await this.#vault.tagOf(campaign, serial);
    return this.#notes((tx) => tx.objectStore("events").index("tag").getAll(tag));
  }

  // The events of a local day, newest first, with the server's answer where there is one.
  async ofDay(day = dayOf(this.#now())) {
    const events = await this.#notes((tx) => tx.objectStore("events").getAll());
    return events.filter((event) => dayOf(Date.parse(event.at)) === day).reverse();
  }

  // {unsent, last: the newest counter}.
  async counts() {
    return this.#store.read(["events", "meta"], async (tx) => {
      const unsent = await tx.objectStore("events").index("unsent").count(1);
      return { unsent, last: (await tx.objectStore("meta").get("head"))?.counter ?? 0 };
    });
  }

  // Up to so many unsent events, oldest first, as they lie on the disk. `after` skips those up to a counter.
  async unsent({ most = MOST_IN_BATCH, after = 0 } = {}) {
    return this.#store.read(["events"], async (tx) => {
      const events = [];
      let size = 0;
      let cursor = await tx.objectStore("events").index("unsent").openCursor(1);
      if (cursor && cursor.primaryKey <= after) cursor = await cursor.continuePrimaryKey(1, after + 1);
      for (; cursor && events.length < most; cursor = await cursor.continue()) {
        size += cursor.value.sealed.length;
        if (events.length && size > MOST_BYTES) break;
        events.push(cursor.value);
      }
      return events;
    });
  }

  // The body of a batch of such events.
  batchOf(events) {
    const keys = Object.fromEntries(events.map(({ kid, key }) => [kid, toB64(key)]));
    const sealed = events.map((event) => ({
      id: event.id, counter: event.counter, key: event.kid, iv: toB64(event.iv), sealed: toB64(event.sealed),
    }));
    return { device: this.#device.id, sent_at: new Date(this.#now()).toISOString(), keys, events: sealed };
  }

  // All unsent events as a file that a coordinator can bring in: {name, text}. They stay unsent here.
  async exportFile() {
    const batches = [];
    for (let after = 0; ; ) {
      const events = await this.unsent({ after });
      if (!events.length) break;
      batches.push(this.batchOf(events));
      after = events.at(-1).counter;
    }
    const time = new Date(this.#now()).toISOString().replace(/[:.]/g, "-");
    return { name: `relief-outbox-${this.#device.id}-${time}.json`, text: JSON.stringify({ format: "relief outbox 1", batches }) };
  }

  // Note the server's answers [{id, answer, reason, first}]: what it was told goes, the small note stays for some days.
  // Returns how many of them were waited for.
  async answered(results) {
    return this.#store.write(["events"], async (tx) => {
      const events = tx.objectStore("events");
      let settled = 0;
      for (const { id, answer, reason = null, first = null } of results) {
        const event = await events.index("id").get(id);
        if (!event?.unsent) continue;
        const { counter, tag, note, at } = event;
        await events.put({ counter, id, ...(tag && { tag }), note, at, answer, reason, first });
        settled++;
      }
      return settled;
    });
  }

  // The last counter up to which the server answered everything.
  async answeredUpTo() {
    return this.#store.read(["events", "meta"], async (tx) => {
      const oldest = await tx.objectStore("events").index("unsent").openCursor(1);
      return oldest ? oldest.value.counter - 1 : (await tx.objectStore("meta").get("head"))?.counter ?? 0;
    });
  }

  // Forget notes that are answered, in the manifest, and a week old.
  async prune() {
    const before = this.#now() - KEPT_MS;
    const { settled } = this.#roster;
    await this.#store.write(["events"], async (tx) => {
      let cursor = await tx.objectStore("events").openCursor();
      for (; cursor && cursor.value.counter <= settled; cursor = await cursor.continue()) {
        if (!cursor.value.unsent && cursor.value.at < before) await cursor.delete();
      }
    });
  }

  #inTurn(work) {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #record(kind, fields) {
    const images = imagesOf(fields);
    for (;;) {
      const head = await this.#head();
      const event = await this.#make(kind, fields, images, head);
      if (await this.#append(head, event)) return { id: event.record.id, counter: event.record.counter, at: event.payload.at };
    }
  }

  async #head() {
    return this.#store.read(["meta"], async (tx) => {
      if (!(await tx.objectStore("meta").get("device"))) throw new Problem("storage.evicted");
      return (await tx.objectStore("meta").get("head")) ?? FIRST;
    });
  }

  async #make(kind, fields, images, head) {
    const payload = await this.#payload(kind, fields, images, head);
    const text = JSON.stringify(payload);
    const said = utf8(EVENT_CONTEXT + text);
    const signature = await this.#vault.sign(said);
    const mac = await this.#operators.mac(said);
    const whole = { p: text, s: toB64(signature), m: toB64(mac) };
    for (const [name, bytes] of Object.entries(images)) whole[name] = toB64(bytes);
    const { kid, key, sealed: sealedKey } = await this.#contentKey();
    const { iv, data } = await crypto.seal(key, utf8(JSON.stringify(whole)), payload.id);
    const serial = serialOf(fields);
    const note = {
      kind, campaign: payload.campaign, serial, instalment: payload.instalment, at: payload.at, operator: payload.operator,
      verdict: payload.verdict, undoes: payload.undoes, given: payload.given ?? fields.undone?.given ?? null,
    };
    const record = {
      counter: payload.counter, id: payload.id, unsent: 1, at: Date.parse(payload.at), kid, key: sealedKey, iv, sealed: data,
      note: await this.#vault.seal(note, `event ${payload.id}`),
      ...(serial !== null && kind !== "scan" && { tag: await this.#vault.tagOf(payload.campaign, serial) }),
    };
    return { record, payload, hash: toHex(await crypto.sha256(concat(utf8(text), signature))) };
  }

  async #payload(kind, fields, images, head) {
    const { presented, card, undone } = fields;
    const operator = this.#operators.current ?? locked();
    const at = new Date(this.#now());
    const digest = async (name) => (images[name] ? toHex(await crypto.sha256(images[name])) : null);
    return {
      v: 1, id: globalThis.crypto.randomUUID(), device: this.#device.id, counter: head.counter + 1, previous: head.hash, kind,
      operator: operator.id, point: (this.#roster.header ?? this.#device).point.number,
      campaign: undone?.campaign ?? card?.campaign?.number ?? presented?.body?.campaign ?? null,
      token: presented?.kind === "token" ? toB64(presented.bytes) : null,
      code: presented?.kind === "code" ? presented.digits : null,
      other: presented?.kind === "other" ? presented.digest : null,
      instalment: undone?.instalment ?? card?.due?.instalment ?? null,
      given: kind === "hand_over" ? fields.given ?? allOf(card.due) : null,
      proof: fields.proof ?? "none", answer: fields.answer ?? null, proxy: fields.proxy ?? null,
      at: at.toISOString(), on: dayOf(at.getTime()), gps: fields.gps ?? null,
      verdict: undone?.verdict ?? card?.refusal ?? card?.state ?? "give", sequence: this.#roster.header?.sequence ?? 0,
      undoes: undone?.id ?? null, reason: fields.reason ?? "",
      photo: await digest("photo"), signature_image: await digest("signature_image"),
    };
  }

  async #contentKey() {
    if (!this.#content) {
      const raw = crypto.randomBytes(32);
      const sealed = await crypto.sealTo(this.#device.sealKey, "relief outbox 1", raw);
      this.#content = { kid: toHex((await crypto.sha256(sealed)).subarray(0, 8)), key: await crypto.importSealingKey(raw), sealed };
    }
    return this.#content;
  }

  // Whether the event went in; not where another page of the app was faster.
  #append(head, { record, hash }) {
    return this.#store.write(["events", "meta"], async (tx) => {
      const meta = tx.objectStore("meta");
      if (((await meta.get("head")) ?? FIRST).hash !== head.hash) return false;
      await tx.objectStore("events").add(record);
      await meta.put({ counter: record.counter, hash }, "head");
      return true;
    });
  }

  // Events as this phone can read them.
  async #notes(find) {
    const records = await this.#store.read(["events"], find);
    const opened = records.map(async ({ id, counter, note, unsent, answer = null, reason = null, first = null }) => ({
      id, counter, isSent: !unsent, answer, reason, first, ...(await this.#vault.open(note, `event ${id}`)),
    }));
    return Promise.all(opened);
  }
}

const allOf = (due) => Object.fromEntries((due?.lines ?? []).filter(({ owed }) => owed > 0).map(({ line, owed }) => [line, owed]));

function serialOf({ card, undone }) {
  return undone?.serial ?? card?.serial ?? null;
}

function imagesOf({ photo, signatureImage }) {
  const images = { ...(photo && { photo }), ...(signatureImage && { signature_image: signatureImage }) };
  for (const [name, bytes] of Object.entries(images)) {
    if (bytes.length > LARGEST[name]) throw new Problem("photo.too_large");
  }
  return images;
}

function locked() {
  throw new Problem("operator.locked");
}
