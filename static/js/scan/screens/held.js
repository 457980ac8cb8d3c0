// Which code is held before the camera: one that is still in view is never judged a second time, or the family just served
// would be shown as served before.

const GONE_MS = 1500;

export class Held {
  #text = null;
  #seenAt = 0;
  #state = null;

  // The state opened for this text. `state` is {mayBeReplaced, close()}, or null where nothing opened.
  put(text, state) {
    this.#text = text;
    this.#seenAt = performance.now();
    this.#state = state;
  }

  // Whether what a hand scanner sent, or was pasted, is to be judged: not while a card waits for an answer, nor twice in a row.
  takes(text) {
    return !this.#state || (this.#state.mayBeReplaced && text !== this.#text);
  }

  // Whether what the camera sees now (null: no code) is to be judged.
  saw(text) {
    if (!text) return false;
    const now = performance.now();
    const isSame = text === this.#text;
    const isGone = now - this.#seenAt > GONE_MS;
    if (isSame) this.#seenAt = now;
    if (!this.#state) return !isSame || isGone;
    // A card is shown: another family's code may take its place once this one's is out of view, and never the same code.
    return this.#state.mayBeReplaced && !isSame && isGone;
  }

  // The card was tapped away. Its code stays known until it has been out of view.
  release() {
    this.#state = null;
  }

  close() {
    this.#state?.close();
    this.#state = null;
  }
}
