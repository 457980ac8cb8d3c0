// The phone's own keys: none can be taken out of the browser, none needs a PIN.
//
// The signing pair says which phone speaks. The sealing key keeps what is the phone's own business out of a copied disk's plain
// text. The tag key names families in indexes without naming them. What a PIN guards is in operators.js.

import { fromUtf8, numberBytes, toHex, utf8 } from "./bytes.js";
import * as crypto from "./crypto.js";
import { Problem } from "./problem.js";

export class Vault {
  #store;
  #keys = new Map();

  constructor(store) {
    this.#store = store;
  }

  // The raw public key of this phone's pair, which is made at the first call.
  async publicKey() {
    return (await this.#pair()).publicKey;
  }

  // An Ed25519 signature by this phone. Throws Problem "storage.evicted" where an enrolled phone's key is gone.
  async sign(message) {
    return crypto.sign(await this.#pair(), message);
  }

  // A value of JSON, sealed for this browser alone; `context` says what it is.
  async seal(value, context) {
    return this.sealBytes(utf8(JSON.stringify(value)), context);
  }

  async open(record, context) {
    return JSON.parse(fromUtf8(await this.openBytes(record, context)));
  }

  async sealBytes(bytes, context) {
    return crypto.seal(await this.#key("seal", crypto.makeSealingKey), bytes, context);
  }

  async openBytes(record, context) {
    return crypto.open(await this.#key("seal", crypto.makeSealingKey), record, context);
  }

  // The word under which this phone files what it knows of one family of one campaign.
  async tagOf(campaign, serial) {
    const key = await this.#key("tag", crypto.makeHmac);
    const tag = await crypto.hmac(key, new Uint8Array([...numberBytes(campaign, 4), ...numberBytes(serial, 4)]));
    return toHex(tag.subarray(0, 16));
  }

  // The server's half of every PIN's key, kept where no script can read it.
  async keepSecret(secret) {
    const key = await crypto.importHmac(secret);
    await this.#store.put("keys", key, "secret");
    this.#keys.set("secret", Promise.resolve(key));
  }

  // Throws Problem "device.not_enrolled".
  async mixSecret(bytes) {
    const key = await this.#key("secret", () => {
      throw new Problem("device.not_enrolled");
    });
    return crypto.hmac(key, bytes);
  }

  async #pair() {
    const pair = await this.#key("device", () => this.#makePair());
    return pair.sealed ? { publicKey: pair.publicKey, secret: await this.openBytes(pair.sealed, "device key") } : pair;
  }

  // A browser without Ed25519 cannot hold the key itself: it is sealed under one that the browser can hold.
  async #makePair() {
    if (await this.#store.get("meta", "device")) throw new Problem("storage.evicted");
    const { publicKey, privateKey, secret } = await crypto.makeSigningPair();
    return privateKey ? { publicKey, privateKey } : { publicKey, sealed: await this.sealBytes(secret, "device key") };
  }

  #key(name, make) {
    if (!this.#keys.has(name)) {
      const found = this.#findOrMake(name, make);
      this.#keys.set(name, found);
      found.catch(() => this.#keys.delete(name));
    }
    return this.#keys.get(name);
  }

  async #findOrMake(name, make) {
    const found = await this.#store.get("keys", name);
    return found ?? this.#store.getOrPut("keys", name, await make());
  }
}
