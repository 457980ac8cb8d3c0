// What a phone keeps on disk (IndexedDB), and the errors that disks make.
//
//   meta       by name: the device, the head of the chain, the manifest's header, the last contact (sealed where people could read)
//   keys       by name: keys of the browser's own (CryptoKey) that never leave it
//   operators  by id: what a PIN opens
//   shards     by digest: roster and typed codes, sealed under the roster key
//   parts      by digest: bitmaps and rests of the manifest, sealed under the phone's own key
//   events     by counter: the outbox and what was sent in the last days; `unsent` is 1 until the server answered
//   pages      by address: what other phones of the point showed
//
// No name, CNIC, phone number or code stands in any of them in clear.

import { openDB } from "idb";
import { Problem } from "./problem.js";

const VERSION = 1;
const STRICT = { durability: "strict" }; // On the disk, not in its cache, before the card says done.

const BY_KEY = ["meta", "keys", "shards", "parts", "pages"];

function create(db) {
  for (const name of BY_KEY) db.createObjectStore(name);
  db.createObjectStore("operators", { keyPath: "id" });
  const events = db.createObjectStore("events", { keyPath: "counter" });
  events.createIndex("unsent", "unsent");
  events.createIndex("tag", "tag");
  events.createIndex("id", "id", { unique: true });
}

export class Store {
  #name;
  #db = null;

  constructor(name = "relief-scan") {
    this.#name = name;
  }

  // Runs `work(transaction)` in one transaction over the named stores: all of it is on the disk, or none. `work` may wait for
  // nothing but the transaction. Throws Problem "storage.full", "storage.broken".
  write(stores, work, { strict = true } = {}) {
    return this.#run(stores, "readwrite", work, strict ? STRICT : undefined);
  }

  read(stores, work) {
    return this.#run(stores, "readonly", work);
  }

  get(store, key) {
    return this.read([store], (tx) => tx.objectStore(store).get(key));
  }

  put(store, value, key, options) {
    return this.write([store], (tx) => tx.objectStore(store).put(value, key), options);
  }

  // The value under the key, or the given one put there: of two pages that start at once, one makes the keys.
  getOrPut(store, key, value) {
    return this.write([store], async (tx) => {
      const found = await tx.objectStore(store).get(key);
      if (found === undefined) await tx.objectStore(store).put(value, key);
      return found ?? value;
    });
  }

  // Empty every store at once.
  clear() {
    const all = [...BY_KEY, "operators", "events"];
    return this.write(all, (tx) => Promise.all(all.map((name) => tx.objectStore(name).clear())));
  }

  close() {
    this.#db?.then((db) => db.close(), () => {});
    this.#db = null;
  }

  async #run(stores, mode, work, options, isAgain = false) {
    let tx;
    try {
      tx = (await this.#open()).transaction(stores, mode, options);
    } catch (error) {
      // Browsers close what lies idle or was evicted; a second opening tells which.
      if (isAgain || error instanceof Problem) throw asProblem(error);
      this.close();
      return this.#run(stores, mode, work, options, true);
    }
    const done = tx.done.then(() => null, (error) => error ?? tx.error ?? new Problem("storage.broken"));
    let result;
    let failure = null;
    try {
      result = await work(tx);
    } catch (error) {
      failure = error;
      abort(tx);
    }
    const ended = await done;
    if (failure || ended) throw asProblem(rootOf(failure, ended, tx.error));
    return result;
  }

  #open() {
    this.#db ??= openDB(this.#name, VERSION, {
      upgrade: create,
      blocking: () => this.close(), // Another page brings a newer version: let it.
      terminated: () => this.close(),
    });
    return this.#db;
  }
}

// A request that failed for the disk's sake says only that its transaction was aborted; the transaction knows why.
function rootOf(failure, ended, reason) {
  if (failure instanceof Problem) return failure;
  return [reason, failure, ended].find((error) => error?.name === "QuotaExceededError") ?? failure ?? ended;
}

function abort(tx) {
  try {
    tx.abort();
  } catch {
    // It has ended by itself.
  }
}

function asProblem(error) {
  if (error instanceof Problem) return error;
  if (error?.name === "QuotaExceededError") return new Problem("storage.full");
  return Object.assign(new Problem("storage.broken", { name: error?.name ?? "" }), { cause: error });
}
