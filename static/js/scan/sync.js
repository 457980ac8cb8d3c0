// Sending the outbox: again and again until the server has answered for every event; then asking what is new.
//
// Whether the phone is online is known from real answers only. One sender at a time, over all pages and the service worker.
// Every answer that the server gives to an event ends it; anything else leaves it in the outbox.

import { MOST_IN_BATCH } from "./outbox.js";
import { Problem } from "./problem.js";

const ANSWERS = new Set(["created", "exists", "exists_with_different_content", "conflict", "rejected"]);
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 15 * 60_000;
const MANIFEST_EVERY_MS = 5 * 60_000;
const LEASE_MS = 3 * 60_000; // Longer than one request may take.
const LOCK = "relief-sync";
const TOO_MUCH = new Set([400, 413, 422]); // A batch that the server cannot take as it is: smaller ones tell which event it is.

export class Sync {
  #parts;
  #now;
  #random;
  #announce;
  #listeners = new Set();
  #timer = null;
  #failures = 0;
  #running = null;
  #manifestAt = -Infinity;
  #last = { online: null, lastSync: null, sending: false, problem: null, clockOffset: null };

  // parts: {store, device, operators, outbox, roster}; `announce` is called when what other pages hold in memory has changed.
  constructor(parts, { now = Date.now, random = Math.random, announce = () => {} } = {}) {
    this.#announce = announce;
    this.#parts = parts;
    this.#now = now;
    this.#random = random;
  }

  // --- Triggers: each resolves when that attempt is over; none throws -------------------------------------------------------

  afterScan = () => this.run();
  onTimer = () => this.run();
  onVisible = () => this.run();
  // The browser says that a network is there: it may be wrong, so this only ends the waiting.
  onOnline = () => this.run({ isFresh: true });
  onButton = () => this.run({ isFresh: true, wantsManifest: true });

  // For the service worker's Background Sync, which tries again later where this throws.
  async inBackground() {
    await this.run();
    this.stop(); // The worker sleeps until the browser calls again.
    if ((await this.#parts.outbox.counts()).unsent) throw new Problem("network.none");
  }

  // --- Status ---------------------------------------------------------------------------------------------------------------

  // {online: whether the last request was answered, null before the first; unsent; lastSync: ms; rosterAge: ms since the server
  //  was heard, null before; hasFamilies; sending; problem: code or null; isRevoked; clockOffset: ms by which the phone is late}
  async status() {
    const { outbox, roster, device } = this.#parts;
    const { unsent } = await outbox.counts();
    const { age, hasFamilies } = await roster.state();
    const lastSync = this.#last.lastSync ?? (await this.#parts.store.get("meta", "lastSync")) ?? null;
    return { ...this.#last, lastSync, unsent, rosterAge: age, hasFamilies, isRevoked: device.isRevoked };
  }

  // Call `listener(status)` after every change. Returns what ends it.
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // --- Running --------------------------------------------------------------------------------------------------------------

  // Send what is unsent and fetch a manifest when it is time; waits for a run of this page that is under way. `isFresh` starts the
  // waiting times from the beginning; `wantsManifest` asks for a manifest in any case.
  async run({ isFresh = false, wantsManifest = false } = {}) {
    if (!this.#parts.device.isEnrolled) return;
    if (this.#running && !wantsManifest) return this.#running;
    await this.#running;
    if (isFresh) this.#failures = 0;
    this.#running = this.#attempt(wantsManifest).finally(() => (this.#running = null));
    await this.#running;
  }

  // What another page did: tell the listeners of this one.
  async heardOf() {
    await this.#tell({ lastSync: null });
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #attempt(wantsManifest) {
    clearTimeout(this.#timer);
    let wait = LONGEST_WAIT_MS / 3;
    try {
      const wasFree = await alone(this.#parts.store, this.#now, () => this.#exchange(wantsManifest));
      if (wasFree) this.#failures = 0;
    } catch (error) {
      wait = this.#failed(error);
    }
    this.#timer = setTimeout(this.onTimer, wait);
    await this.#tell({ sending: false });
  }

  async #exchange(wantsManifest) {
    await this.#send();
    if (wantsManifest || this.#now() - this.#manifestAt > MANIFEST_EVERY_MS) await this.refreshManifest();
    await this.#parts.outbox.prune();
  }

  // Every unsent event once, in batches; a part that the server cannot take is cut until only one event is left behind.
  async #send() {
    const { outbox } = this.#parts;
    let after = 0;
    let most = MOST_IN_BATCH;
    for (;;) {
      const events = await outbox.unsent({ most, after });
      if (!events.length) return;
      await this.#tell({ sending: true });
      try {
        await this.#sendBatch(events);
        most = MOST_IN_BATCH;
      } catch (error) {
        if (!TOO_MUCH.has(error.details?.status)) throw error;
        this.#heard();
        if (events.length === 1) this.#last.problem = error.code;
        most = Math.max(1, Math.floor(events.length / 2));
        if (events.length > 1) continue;
      }
      after = events.at(-1).counter;
    }
  }

  async #sendBatch(events) {
    const { device, outbox, store } = this.#parts;
    const said = await device.ask("POST", "/api/v1/sync/batches", { body: outbox.batchOf(events), gzip: true });
    if (!Array.isArray(said.results)) throw new Problem("network.foreign");
    this.#heard(said.server_time);
    const answered = await outbox.answered(said.results.filter(({ answer }) => ANSWERS.has(answer)));
    await store.put("meta", this.#now(), "lastSync", { strict: false });
    await this.#tell({ lastSync: this.#now() });
    // An event without an answer stays; the rest of the outbox does not wait for it.
    if (!answered) this.#last.problem = "sync.no_answer";
    this.#announce();
  }

  // Ask what is new. Only while someone works with the phone: without a PIN nothing can be put into the roster.
  // Throws what `device.request` and `roster.applyManifest` throw.
  async refreshManifest() {
    const { device, operators, outbox, roster } = this.#parts;
    if (!operators.current) return null;
    const settled = await outbox.answeredUpTo();
    try {
      const bytes = await device.request("POST", "/api/v1/manifest", { body: { have: await roster.have() }, gzip: true });
      const header = await roster.applyManifest(bytes, settled);
      this.#heard(header.server_time);
      this.#manifestAt = this.#now();
      if (device.isRevoked) await device.keep({ isRevoked: false });
      this.#announce();
      await this.#tell({});
      return header;
    } catch (error) {
      if (error.code === "device.revoked") {
        await device.keep({ isRevoked: true });
        await operators.shredRoster();
      }
      throw error;
    }
  }

  #heard(serverTime) {
    this.#last = { ...this.#last, online: true, problem: null };
    if (serverTime) this.#last.clockOffset = Date.parse(serverTime) - this.#now();
  }

  // How long to wait now: twice as long after each failure, and never as long as the next phone (they came back together).
  #failed(error) {
    const { status, retryAfter = 0 } = error.details ?? {};
    const online = status !== undefined && error.code !== "network.foreign";
    this.#last = { ...this.#last, online, problem: error.code ?? "app.failed" };
    if (!(error instanceof Problem)) console.error(error);
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++);
    return Math.max(retryAfter * 1000, longest / 2 + (longest / 2) * this.#random());
  }

  async #tell(changes) {
    this.#last = { ...this.#last, ...changes };
    if (!this.#listeners.size) return;
    const status = await this.status();
    for (const listener of this.#listeners) listener(status);
  }
}

// Run `work` unless another page or the service worker of this phone is at it. Returns whether it ran.
async function alone(store, now, work) {
  if (globalThis.navigator?.locks) {
    return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock) await work();
      return lock !== null;
    });
  }
  const holder = globalThis.crypto.randomUUID();
  if (!(await takeLease(store, now, holder))) return false;
  const renewing = setInterval(() => takeLease(store, now, holder), LEASE_MS / 3);
  try {
    await work();
  } finally {
    clearInterval(renewing);
    await store.write(["meta"], (tx) => tx.objectStore("meta").delete("lease"));
  }
  return true;
}

// Browsers without Web Locks: a lease on the disk, which runs out if its page dies.
function takeLease(store, now, holder) {
  return store.write(["meta"], async (tx) => {
    const kept = await tx.objectStore("meta").get("lease");
    const isTaken = kept && kept.holder !== holder && kept.until > now() && kept.until <= now() + LEASE_MS;
    if (!isTaken) await tx.objectStore("meta").put({ holder, until: now() + LEASE_MS }, "lease");
    return !isTaken;
  });
}
