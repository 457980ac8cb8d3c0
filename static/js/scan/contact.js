// When the server was last heard, told without trust in the phone's clock: the roster goes 48 hours after that.
//
// The age is the sum of the time seen to pass, so a clock that is set back takes nothing off it.

const NOTE_EVERY_MS = 60_000;

export class Contact {
  #store;
  #now;
  #mono;
  #kept = null; // {at, age, seen}: as on the disk when last read or written.
  #monoSeen;

  constructor(store, { now = Date.now, mono = () => performance.now() } = {}) {
    this.#store = store;
    this.#now = now;
    this.#mono = mono;
  }

  // Note that the server spoke; `at` is the time that it told (ISO). The record, to be written with what it said.
  fresh(at) {
    return { at, age: 0, seen: this.#now() };
  }

  // To be called when a record from `fresh` is on the disk.
  noted(record) {
    this.#kept = record;
    this.#monoSeen = this.#mono();
  }

  // {at, age in ms}; null before the first contact.
  async last() {
    if (!this.#kept) {
      const kept = await this.#store.get("meta", "contact");
      if (!kept) return null;
      this.noted(kept);
    }
    return this.#pass();
  }

  async #pass() {
    const wall = this.#now();
    const gone = wall - this.#kept.seen;
    // Set back: what this page's own counter saw pass counts instead.
    const passed = gone >= 0 ? gone : Math.max(0, this.#mono() - this.#monoSeen);
    const age = this.#kept.age + passed;
    if (gone < 0 || gone > NOTE_EVERY_MS) {
      await this.#note(passed, wall);
      return { at: this.#kept.at, age: this.#kept.age };
    }
    return { at: this.#kept.at, age };
  }

  // Another page may have noted, too: the older age stands unless there was a newer contact.
  async #note(passed, wall) {
    const mine = { at: this.#kept.at, age: this.#kept.age + passed, seen: wall };
    const kept = await this.#store.write(
      ["meta"],
      async (tx) => {
        const theirs = await tx.objectStore("meta").get("contact");
        const best = !theirs || (theirs.at === mine.at && theirs.age <= mine.age) ? mine : theirs;
        await tx.objectStore("meta").put(best, "contact");
        return best;
      },
      { strict: false },
    );
    this.noted(kept);
  }
}
