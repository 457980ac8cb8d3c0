// Whether to give: the server's own table of reasons, walked over the facts that the phone knows.

// The first row {fact, op, value, refusal, state} of the table that holds, null where none does: GIVE. The same walk as
// `refusal_of` of relief/distributions/rules.py. A fact that nobody told is a mistake, not a reason.
export function refusalOf(facts, table) {
  return table.find(({ fact, op, value }) => {
    if (!(fact in facts)) throw new TypeError(`no fact ${fact}`);
    return (facts[fact] === value) === (op === "is");
  }) ?? null;
}

// Strongest first: the order of relief/programmes/rules.py.
const PROOFS = ["cnic_seen", "last_four", "holder_tag", "photo", "witness", "none"];
const WITHOUT_CARD = ["photo", "witness"]; // A family that lost its cards in the flood is vouched for.

export function proofSuffices(required, given, hasCnic) {
  return PROOFS.indexOf(given) <= PROOFS.indexOf(required) || (!hasCnic && WITHOUT_CARD.includes(given));
}

// Whether all that is given, {line: amount} or null for everything, is still owed, and is anything.
export function isWithin(given, owed) {
  if (given === null) return true;
  const amounts = Object.entries(given);
  return amounts.some(([, amount]) => amount > 0) && amounts.every(([line, amount]) => amount >= 0 && amount <= (owed[line] ?? 0));
}
