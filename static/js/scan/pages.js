// Pages between phones without any network: what this phone gave, as signed QR codes, and what others showed.
//
//   version 1 | device 16 | first counter 4 | page 1 | pages 1 | campaign 2 | n x (serial 3, instalment 1) | Ed25519 64
//
// A family known from such a page only is for the supervisor to decide: one phone cannot deny a queue.

import { concat, fromB64, fromHex, numberBytes, readNumber, toBase45, toHex, utf8 } from "./bytes.js";
import { verifySignature } from "./crypto.js";
import { dayOf } from "./days.js";
import { Problem } from "./problem.js";

const VERSION = 1;
const HEAD_BYTES = 25;
const ROW_BYTES = 4;
const SIGNATURE_BYTES = 64;
const MOST_ROWS = 120;
const KEPT_MS = 7 * 86_400_000;
const SIGNED = utf8("relief page 1\n");

export class Pages {
  #store;
  #vault;
  #device;
  #outbox;
  #roster;
  #now;
  #rows = new Map(); // "campaign serial instalment" -> the name of the phone that showed it

  constructor({ store, vault, device, outbox, roster, now = Date.now }) {
    this.#store = store;
    this.#vault = vault;
    this.#device = device;
    this.#outbox = outbox;
    this.#roster = roster;
    this.#now = now;
  }

  // Read what other phones showed in the last days.
  async load() {
    const keys = await this.#store.read(["pages"], (tx) => tx.objectStore("pages").getAllKeys());
    for (const key of keys) {
      const page = await this.#vault.open(await this.#store.get("pages", key), `page ${key}`);
      if (page.readAt < this.#now() - KEPT_MS) await this.#store.write(["pages"], (tx) => tx.objectStore("pages").delete(key));
      else this.#remember(page);
    }
  }

  // What this phone gave on a local day and did not undo, as texts for QR codes.
  async make(day = dayOf(this.#now())) {
    const events = (await this.#outbox.ofDay(day)).reverse();
    const undone = new Set(events.map(({ undoes }) => undoes));
    const isGiven = ({ kind, id, serial, instalment }) => kind === "hand_over" && !undone.has(id) && serial && instalment;
    const given = events.filter(isGiven);
    const texts = [];
    for (const campaign of new Set(given.map((event) => event.campaign))) {
      const rows = given.filter((event) => event.campaign === campaign);
      const pages = Math.ceil(rows.length / MOST_ROWS);
      for (let page = 0; page < pages; page++) {
        texts.push(await this.#page(campaign, rows.slice(page * MOST_ROWS, (page + 1) * MOST_ROWS), page + 1, pages));
      }
    }
    return texts;
  }

  // Take in a page that `parseText` found. Returns {name: of the phone, page, pages, rows: their number, isNew}.
  // Throws Problem "page.damaged", "page.own", "page.unknown_device", "page.forged".
  async read(bytes) {
    const said = readPage(bytes);
    if (said.device === this.#device.id) throw new Problem("page.own");
    const other = this.#roster.header?.devices.find(({ device }) => device === said.device);
    if (!other) throw new Problem("page.unknown_device");
    const body = bytes.slice(0, -SIGNATURE_BYTES);
    const isGenuine = await verifySignature(fromB64(other.public_key), concat(SIGNED, body), bytes.slice(-SIGNATURE_BYTES));
    if (!isGenuine) throw new Problem("page.forged");
    const page = { name: other.name, campaign: said.campaign, rows: said.rows, readAt: this.#now() };
    const key = `${said.device} ${said.first} ${said.campaign} ${said.page}`;
    const isNew = said.rows.some(([serial, instalment]) => !this.givenBy(said.campaign, serial, instalment));
    await this.#store.put("pages", await this.#vault.seal(page, `page ${key}`), key);
    this.#remember(page);
    return { name: other.name, page: said.page, pages: said.pages, rows: said.rows.length, isNew };
  }

  // {name} of the phone that showed this instalment as given, undefined where none did.
  givenBy(campaign, serial, instalment) {
    return this.#rows.get(`${campaign} ${serial} ${instalment}`);
  }

  #remember({ name, campaign, rows }) {
    for (const [serial, instalment] of rows) this.#rows.set(`${campaign} ${serial} ${instalment}`, { name });
  }

  async #page(campaign, rows, page, pages) {
    const device = fromHex(this.#device.id.replaceAll("-", ""));
    const head = [[VERSION], device, numberBytes(rows[0].counter, 4), [page, pages], numberBytes(campaign, 2)];
    const body = concat(...head, ...rows.flatMap(({ serial, instalment }) => [numberBytes(serial, 3), [instalment]]));
    return `R2:${toBase45(concat(body, await this.#vault.sign(concat(SIGNED, body))))}`;
  }
}

function readPage(bytes) {
  const size = bytes.length - HEAD_BYTES - SIGNATURE_BYTES;
  if (bytes[0] !== VERSION || size <= 0 || size % ROW_BYTES || size > MOST_ROWS * ROW_BYTES) throw new Problem("page.damaged");
  const device = toHex(bytes.subarray(1, 17)).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  const rows = [];
  for (let at = HEAD_BYTES; at < HEAD_BYTES + size; at += ROW_BYTES) rows.push([readNumber(bytes, at, at + 3), bytes[at + 3]]);
  return { device, first: readNumber(bytes, 17, 21), page: bytes[21], pages: bytes[22], campaign: readNumber(bytes, 23, 25), rows };
}
