// This phone as the server knows it, and how it speaks to the server: every request signed by the phone's own key.

import { concat, fromB64, fromUtf8, toB64, toHex, utf8 } from "./bytes.js";
import { randomBytes, sha256 } from "./crypto.js";
import { Problem } from "./problem.js";

const ANSWER_MS = 120_000; // A full batch on a slow link takes its time.
const SILENCE_MS = 30_000; // An answer may be long, but not silent for so long.
const JSON_TYPE = "application/json";
const PROBLEM = "application/problem+json";
const OCTETS = "application/octet-stream";
// Nothing of the browser's own goes along, and nothing stays in its cache.
const ALONE = { cache: "no-store", credentials: "omit", redirect: "error" };

export class Device {
  #store;
  #vault;
  #now;
  #fetch;
  #record = null;

  constructor({ store, vault, now = Date.now, fetch = (...args) => globalThis.fetch(...args) }) {
    this.#store = store;
    this.#vault = vault;
    this.#now = now;
    this.#fetch = fetch;
  }

  // Read what is on the disk. Returns whether this phone is enrolled.
  async load() {
    const kept = await this.#store.get("meta", "device");
    this.#record = kept ? await this.#vault.open(kept, "device") : null;
    return this.#record !== null;
  }

  // Note what the server said at enrolment, or what changed since.
  async keep(changes) {
    const record = { ...this.#record, ...changes };
    await this.#store.put("meta", await this.#vault.seal(record, "device"), "device");
    this.#record = record;
  }

  get isEnrolled() {
    return this.#record !== null;
  }

  get id() {
    return this.#record.device;
  }

  get name() {
    return this.#record.name;
  }

  // {number, code, name}
  get point() {
    return this.#record.point;
  }

  get sealKey() {
    return fromB64(this.#record.sealKey);
  }

  // Whether the server told that this phone is no longer trusted: it gives nothing more and still sends what it has.
  get isRevoked() {
    return this.#record?.isRevoked ?? false;
  }

  // Ask the server. body: a value of JSON, or nothing; gzip where the browser can. Resolves with the bytes of a good answer.
  // Throws Problem "network.none" (nobody answered to the end), "network.foreign" (not our server: a hotspot's own page), or
  // the server's own code with {status, message, retryAfter in s}.
  async request(method, path, { body, gzip = false, isSigned = true, type = OCTETS } = {}) {
    const plain = body === undefined ? new Uint8Array() : utf8(JSON.stringify(body));
    const headers = { Accept: `${type}, ${PROBLEM}`, ...(body !== undefined && { "Content-Type": JSON_TYPE }) };
    if (isSigned) Object.assign(headers, await this.#signature(method, path, plain));
    let sent = plain;
    if (gzip && globalThis.CompressionStream) {
      sent = await squeeze(plain);
      headers["Content-Encoding"] = "gzip";
    }
    const answer = await this.#ask(path, { method, headers, ...(body !== undefined && { body: sent }) });
    if (!answer.ok) throw problemOf(answer);
    if (!answer.type.startsWith(type)) throw new Problem("network.foreign");
    return answer.bytes;
  }

  // The same, for an answer of JSON.
  async ask(method, path, options) {
    return JSON.parse(fromUtf8(await this.request(method, path, { ...options, type: JSON_TYPE })));
  }

  async #signature(method, path, body) {
    const time = new Date(this.#now()).toISOString();
    const nonce = toB64(randomBytes(16));
    const said = `relief request 1\n${method} ${path}\n${time}\n${nonce}\n${toHex(await sha256(body))}`;
    const signature = toB64(await this.#vault.sign(utf8(said)));
    return { "Relief-Device": this.id, "Relief-Time": time, "Relief-Nonce": nonce, "Relief-Signature": signature };
  }

  async #ask(path, options) {
    const stop = new AbortController();
    let timer = setTimeout(() => stop.abort(), ANSWER_MS);
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), SILENCE_MS);
    };
    try {
      const { ok, status, headers, body } = await this.#fetch(path, { ...options, signal: stop.signal, ...ALONE });
      const type = headers.get("Content-Type") ?? "";
      return { ok, status, type, retryAfter: Number(headers.get("Retry-After")) || 0, bytes: await wholeOf(body, heard) };
    } catch {
      throw new Problem("network.none");
    } finally {
      clearTimeout(timer);
    }
  }
}

async function wholeOf(body, heard) {
  const pieces = [];
  const reader = body?.getReader();
  for (;;) {
    heard();
    const { done, value } = reader ? await reader.read() : { done: true };
    if (done) return concat(...pieces);
    pieces.push(value);
  }
}

function problemOf({ status, type, retryAfter, bytes }) {
  const isOurs = type.startsWith(PROBLEM) || type.startsWith(JSON_TYPE);
  if (!isOurs) return new Problem(status >= 500 ? "server.failed" : "network.foreign", { status, retryAfter });
  let said = {};
  try {
    said = JSON.parse(fromUtf8(bytes));
  } catch {
    // The status says enough.
  }
  return new Problem(said.code ?? "server.failed", { status, message: said.detail ?? said.title ?? "", retryAfter });
}

async function squeeze(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
