// What goes wrong on a phone, by a stable code that the screens have words for.

export class Problem extends Error {
  // `code` is a reason such as "storage.full"; `details` hold figures for the sentence (never a name or a number of a person).
  constructor(code, details = {}) {
    super(code);
    this.name = "Problem";
    this.code = code;
    this.details = details;
  }
}
