// The card: what is held out at the table in, what the phone says about it out.

import { foldDigits, fromB64 } from "./bytes.js";
import { dayOf } from "./days.js";
import { holderTagOf, verify } from "./rt1.js";
import { isWithin, proofSuffices, refusalOf } from "./rules.js";

const ALREADY_GIVEN = "redemption.already_given";
const UNKNOWN = "redemption.unknown";
const BLANK = {
  state: "wait", refusal: null, note: null, campaign: null, serial: null, row: null, body: null, due: null, first: null,
};

export class Judge {
  #roster;
  #outbox;
  #pages;
  #device;
  #reasons;

  // `reasons` is the server's table of reasons, as it gave it to the page.
  constructor({ roster, outbox, pages, device, reasons }) {
    this.#roster = roster;
    this.#outbox = outbox;
    this.#pages = pages;
    this.#device = device;
    this.#reasons = reasons;
  }

  // Judge what `parseText` read (a token, a code, or other).
  //   operator: who works now {id, staffedOn}; given: {line: amount}, null for all that is owed;
  //   proof and answer: the proof made of the holder, and the digits told for it (null while nobody asked).
  // Returns {state: "give" | "already_given" | "not_valid" | "ask" | "wait", refusal: code or null, note, campaign, serial, row,
  //   body, due: {instalment, lines: [{line, kind, code, name, unit, owed}]} or null, first: {point, at, by} or null}.
  //   note says what the table cannot: "no_manifest", "no_roster" (a code without families to look it up in),
  //   "other_phone" (known as given from another phone's page only).
  async judge(presented, { now = Date.now(), operator, given = null, proof = "none", answer = null }) {
    if (!this.#roster.header) return { ...BLANK, note: "no_manifest" };
    const on = dayOf(now);
    const found = await this.#find(presented);
    const { campaign, serial, row, body } = found;
    const events = campaign && serial !== null ? await this.#outbox.eventsOf(campaign.number, serial) : [];
    const day = campaign?.days.find((one) => one.on === on);
    const due = campaign && found.band !== null ? this.#due(campaign, found, events, day?.instalment ?? 0) : null;
    const facts = {
      ...found.facts,
      campaign_state: campaign?.state ?? "active",
      is_expired: found.expiresOn !== null && on > found.expiresOn,
      is_distribution_day: day !== undefined,
      is_operator_assigned: (await this.#staffedOn(operator)).includes(on),
      is_device_trusted: !this.#device.isRevoked,
      is_anything_owed: due !== null,
      is_within_owed: due !== null && isWithin(given, Object.fromEntries(due.lines.map(({ line, owed }) => [line, owed]))),
      ...(await checkHolder(found, proof, answer)),
    };
    const card = { ...BLANK, campaign: campaign ?? null, serial, row, body, due };
    return this.#decide(card, facts, events, found.isLookedUpInVain);
  }

  #decide(card, facts, events, isLookedUpInVain) {
    const reason = refusalOf(facts, this.#reasons);
    if (reason?.refusal === UNKNOWN && isLookedUpInVain) return { ...card, state: "ask", refusal: UNKNOWN, note: "no_roster" };
    if (reason) {
      const first = reason.refusal === ALREADY_GIVEN ? this.#firstOf(events) : null;
      return { ...card, state: reason.state, refusal: reason.refusal, first };
    }
    const page = this.#pages.givenBy(card.campaign.number, card.serial, card.due.instalment);
    if (!page) return { ...card, state: "give" };
    const first = { point: this.#roster.header.point.name, at: null, by: page.name };
    return { ...card, state: "ask", refusal: ALREADY_GIVEN, note: "other_phone", first };
  }

  // What was held out: its campaign, family and the facts of the paper itself.
  async #find(presented) {
    if (presented.kind === "token") return this.#findToken(presented);
    const facts = {
      is_readable: presented.kind === "code", is_genuine: null, key_state: null, token_state: null,
      is_of_this_campaign: false, is_at_its_point: false,
    };
    const none = { campaign: undefined, serial: null, row: null, body: null, band: null, expiresOn: null, holderTag: 0, facts };
    if (presented.kind !== "code") return none;
    const found = await this.#roster.findByCode(presented.digits);
    if (!found) return { ...none, isLookedUpInVain: !(await this.#roster.state()).hasFamilies };
    const campaign = this.#roster.campaign(found.campaign);
    const { row } = found;
    // The roster does not say when the paper expires: the server judges that.
    const state = tokenState(campaign, row.serial, row.reissue, row);
    return {
      campaign, serial: row.serial, row, body: null, band: row.band, expiresOn: null, holderTag: row.holderTag,
      facts: { ...facts, token_state: state, is_of_this_campaign: true, is_at_its_point: true },
    };
  }

  async #findToken({ bytes, body }) {
    const campaign = this.#roster.campaign(body.campaign);
    const key = campaign?.keys.find(({ id }) => id === body.keyId);
    const row = campaign ? await this.#roster.findBySerial(campaign.number, body.serial) : null;
    const isGenuine = campaign ? key !== undefined && (await verify(bytes, fromB64(key.public_key))) : null;
    return {
      campaign, serial: body.serial, row, body, expiresOn: body.expiresOn, holderTag: body.holderTag,
      band: campaign?.bands.some(({ band }) => band === body.entitlement) ? body.entitlement : null,
      facts: {
        is_readable: true,
        is_genuine: isGenuine,
        key_state: key?.state ?? null,
        // What a key signed was issued, also after this manifest was made.
        token_state: campaign ? tokenState(campaign, body.serial, body.reissue, row) : "issued",
        is_of_this_campaign: campaign !== undefined,
        is_at_its_point: [0, this.#roster.header.point.number].includes(body.point),
      },
    };
  }

  // The first instalment up to the day's of which something is still owed: by the manifest, and by what this phone did since.
  #due(campaign, { serial, band }, events, upTo) {
    const { lines } = campaign.bands.find((one) => one.band === band);
    for (let instalment = 1; instalment <= upTo; instalment++) {
      const rest = campaign.isRedeemed(serial, instalment) ? campaign.restsOf(serial)[instalment] ?? {} : null;
      const open = lines.map((line) => {
        const owed = (rest ? rest[line.line] ?? 0 : line.owed) - givenSince(events, this.#roster.settled, instalment, line.line);
        return { ...line, owed: Math.min(line.owed, Math.max(0, owed)) };
      });
      if (open.some(({ owed }) => owed > 0)) return { instalment, lines: open };
    }
    return null;
  }

  // Where, when and by whom, where this phone gave it itself; the manifest knows no more than that it was given.
  #firstOf(events) {
    const undone = new Set(events.map(({ undoes }) => undoes));
    const first = events.find(({ kind, id }) => kind === "hand_over" && !undone.has(id));
    if (!first) return null;
    const by = this.#roster.header.operators.find(({ id }) => id === first.operator)?.name ?? null;
    return { point: this.#roster.header.point.name, at: first.at, by };
  }

  async #staffedOn(operator) {
    const known = this.#roster.header.operators.find(({ id }) => id === operator?.id);
    return known?.staffed_on ?? operator?.staffedOn ?? [];
  }
}

// An older paper than the roster's was replaced; without the family's row its bit tells of the first paper only.
function tokenState(campaign, serial, reissue, row) {
  const latest = row ? row.reissue : campaign.isReplaced(serial) ? Math.max(1, reissue) : reissue;
  if (reissue < latest) return "replaced";
  return reissue === latest && campaign.isRevoked(serial) ? "revoked" : "issued";
}

// What of a line this phone gave since the manifest was asked for; an undone hand-over takes its own back.
function givenSince(events, settled, instalment, line) {
  const since = events.filter((event) => event.counter > settled && event.instalment === instalment);
  return since.reduce((sum, { kind, given }) => sum + (kind === "undo" ? -1 : 1) * (given?.[line] ?? 0), 0);
}

// The two facts of the holder. The phone knows no CNIC: four digits told are noted and checked by the server, while the
// whole number is checked here, against the tag that the token carries.
async function checkHolder({ campaign, serial, row, holderTag }, proof, answer) {
  const required = campaign?.proof_required ?? "none";
  const knowsNoNumber = proof === "cnic_seen" || proof === "none";
  const hasCnic = knowsNoNumber || (row ? row.hasCnic === 1 : holderTag !== 0);
  let matches = true;
  if (!knowsNoNumber && answer !== null && serial !== null && campaign) {
    const digits = foldDigits(answer).replace(/[\s-]/g, "");
    if (proof === "last_four") matches = hasCnic && /^[0-9]{4}$/.test(digits);
    if (proof === "holder_tag") {
      matches = hasCnic && /^[0-9]{13}$/.test(digits);
      // A paper from before the CNIC was known carries no tag: the number is noted for the server.
      if (matches && holderTag) matches = (await holderTagOf(campaign.holderHmac, serial, digits)) === holderTag;
    }
  }
  return { proof_suffices: proofSuffices(required, proof, hasCnic), holder_matches: matches };
}
