// What the screens ask of the phone: its parts, put into the shape of what is shown.

import { config, set, setting } from "./config.js";
import { dayOf } from "./days.js";
import { openPhone, parseText, Problem } from "./phone.js";

const BACKGROUND = "relief-sync";
const PROOF_MISSING = "redemption.proof_missing";
const NOT_ON_THIS_DAY = "redemption.not_on_this_day";
const OTHER_POINT = "redemption.other_point";
const NEARLY_FULL = 0.95;

let phone = null;

export const machine = {
  async start() {
    phone = await openPhone({ reasons: config.rules });
    addEventListener("online", phone.sync.onOnline);
    document.addEventListener("visibilitychange", () => document.hidden || phone.sync.onVisible());
    phone.sync.onVisible();
  },

  // {name, point} of an enrolled phone, else null; `wasCleared` tells of a phone whose data the browser has thrown away.
  device: () => (phone.device.isEnrolled ? { name: phone.device.name, point: phone.device.point } : null),
  wasCleared: () => !phone.device.isEnrolled && setting("enrolled") !== "",

  async enrol({ code, label, onStep }) {
    onStep("server");
    await phone.enrol(code, label);
    set("enrolled", "yes");
  },

  // --- People -------------------------------------------------------------------------------------------------------------

  operators: () => phone.operators.list(),
  operator: () => phone.operators.current,
  lock: () => phone.operators.lock(),

  async unlock(id, pin) {
    await phone.operators.unlock(id, pin);
    phone.sync.onVisible();
  },

  // Resolves when the list of families is there too, or could not be had.
  async signIn({ email, password, pin }) {
    await phone.signInOperator(email, password, pin);
    await phone.sync.onButton();
  },

  // --- Tokens -------------------------------------------------------------------------------------------------------------

  read: (text) => parseText(text),

  // A proof that is still to be made is no reason to say no: the card asks for it.
  async judge(presented, asked = {}) {
    let card = await phone.judge(presented, asked);
    if (card.refusal === PROOF_MISSING && !asked.proof) card = await phone.judge(presented, { proof: card.campaign.proof_required });
    return shownCard(card, presented);
  },

  async record(kind, fields) {
    const event = await phone.outbox.record(kind, fields);
    sendSoon();
    return event;
  },

  async undo(id, reason) {
    await phone.outbox.undo(id, reason);
    sendSoon();
  },

  // What was recorded here today, newest first.
  async today() {
    const events = await phone.outbox.ofDay();
    const undone = new Set(events.map(({ undoes }) => undoes));
    const people = new Map([...(phone.roster.header?.operators ?? []), ...(await phone.operators.list())].map(({ id, name }) => [id, name]));
    return Promise.all(events.filter(({ kind }) => kind !== "undo").map(async (event) => {
      const row = event.campaign && event.serial !== null ? await phone.roster.findBySerial(event.campaign, event.serial) : null;
      const isUndone = undone.has(event.id);
      return {
        ...event, isUndone, code: row?.familyCode ?? "", by: people.get(event.operator) ?? "", lines: linesOf(event, row),
        mayUndo: event.kind === "hand_over" && !isUndone,
      };
    }));
  },

  exportFile: () => phone.outbox.exportFile(),

  // --- Network, list, other phones --------------------------------------------------------------------------------------------

  status: () => phone.sync.status(),
  onStatus: (listener) => phone.sync.subscribe(listener),
  syncNow: () => phone.sync.onButton(),
  showPages: () => phone.pages.make(),

  // Throws Problem "page.unknown_device" also for what is no page of a phone at all.
  async readPage(presented) {
    if (presented.kind !== "page") throw new Problem("page.unknown_device");
    return phone.pages.read(presented.bytes);
  },

  async roster() {
    const { age, hasFamilies } = await phone.roster.state();
    const { header } = phone.roster;
    return {
      age, hasFamilies, isRevoked: phone.device.isRevoked, isExpired: header !== null && !hasFamilies,
      sequence: header?.sequence ?? null, firstOn: header?.first_on, lastOn: header?.last_on,
      campaigns: (header?.campaigns ?? []).map(({ code, name, roster, is_demonstration: isDemonstration }) => ({ code, name, rows: roster.rows, isDemonstration })),
    };
  },

  async storage() {
    const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
    const isKept = (await navigator.storage?.persisted?.()) ?? false;
    return { usage, quota, isKept, isFull: quota > 0 && usage > quota * NEARLY_FULL };
  },
};

// To the server as soon as it can be reached: now, or by the browser once this page is closed.
function sendSoon() {
  phone.sync.afterScan();
  navigator.serviceWorker?.ready.then(({ sync }) => sync?.register(BACKGROUND)).catch(() => {});
}

function shownCard(card, presented) {
  const { campaign, row, body, due, refusal } = card;
  const band = campaign?.bands.find((one) => one.band === (row?.band ?? body?.entitlement));
  const full = new Map(band?.lines.map(({ line, owed }) => [line, owed]));
  const today = dayOf(Date.now());
  return {
    ...card,
    family: row && { code: row.familyCode, name: row.name, size: row.size },
    isRest: Boolean(due?.lines.some(({ line, owed }) => owed < full.get(line))),
    nextOn: refusal === NOT_ON_THIS_DAY ? campaign?.days.map(({ on }) => on).filter((on) => on > today).sort()[0] : null,
    otherPoint: refusal === OTHER_POINT ? presented.body?.point : null,
  };
}

// The lines of a hand-over with what was given of each; where the family is not known here, of the package that has them.
function linesOf({ campaign: number, given }, row) {
  const bands = phone.roster.campaign(number)?.bands ?? [];
  const band = bands.find((one) => one.band === row?.band) ?? bands.find(({ lines }) => Object.keys(given ?? {}).every((key) => lines.some(({ line }) => String(line) === key)));
  return Object.entries(given ?? {}).flatMap(([key, amount]) => {
    const line = band?.lines.find((one) => String(one.line) === key);
    return line ? [{ ...line, amount }] : [];
  });
}
