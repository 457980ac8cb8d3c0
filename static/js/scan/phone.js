// One phone: all its parts, wired together. The page and the service worker each open their own over the same disk.
//
//   const phone = await openPhone({ reasons });
//   phone.device      isEnrolled, id, name, point, isRevoked
//   phone.enrol(code, label), phone.signInOperator(email, password, pin), phone.forget()
//   phone.operators   list(), unlock(id, pin), lock(), current
//   phone.roster      header, campaigns, campaign(number), findBySerial, findByCode, state()
//   phone.judge(presented, {given, proof, answer}) -> the card; see verdict.js
//   phone.outbox      record(kind, fields), undo(id, reason), ofDay(), counts(), exportFile()
//   phone.sync        afterScan(), onOnline(), onVisible(), onButton(), inBackground(), status(), subscribe(listener), stop()
//   phone.pages       make(), read(bytes)

import { Contact } from "./contact.js";
import { Device } from "./device.js";
import { enrol, forget, signInOperator } from "./enrol.js";
import { Operators } from "./operators.js";
import { Outbox } from "./outbox.js";
import { Pages } from "./pages.js";
import { Roster } from "./roster.js";
import { Store } from "./store.js";
import { Sync } from "./sync.js";
import { Vault } from "./vault.js";
import { Judge } from "./verdict.js";

export { Problem } from "./problem.js";
export { codeOf, parseText } from "./rt1.js";

// reasons: the server's table of reasons, which only a page that judges needs. now and fetch are the browser's unless told.
export async function openPhone({ reasons = [], name, now = () => Date.now(), fetch } = {}) {
  const store = new Store(name);
  const vault = new Vault(store);
  const operators = new Operators(store, vault);
  const device = new Device({ store, vault, now, fetch });
  const roster = new Roster({ store, vault, operators, contact: new Contact(store, { now }) });
  const outbox = new Outbox({ store, vault, operators, roster, device, now });
  const pages = new Pages({ store, vault, device, outbox, roster, now });
  // Pages of one phone and its service worker tell each other what they wrote.
  const others = globalThis.BroadcastChannel ? new BroadcastChannel(`${name ?? "relief-scan"}-news`) : null;
  const sync = new Sync({ store, device, operators, outbox, roster }, { now, announce: () => others?.postMessage("changed") });
  const judge = new Judge({ roster, outbox, pages, device, reasons });
  operators.onUnlock = () => roster.warm().catch(() => {}); // Only to be quicker: a look-up reads for itself.
  await device.load();
  await roster.load();
  await roster.expireIfDue();
  await pages.load();
  others?.addEventListener("message", async () => {
    await Promise.all([device.load(), roster.load(), pages.load()]);
    await sync.heardOf();
  });
  return {
    store, vault, operators, device, roster, outbox, pages, sync,
    enrol: (code, label) => enrol({ vault, device }, code, label),
    signInOperator: (email, password, pin) => signInOperator({ device, operators }, email, password, pin),
    // Enrol anew after this: open the phone again.
    forget: () => forget({ store, outbox }),
    judge: (presented, asked = {}) => judge.judge(presented, { now: now(), operator: operators.current, ...asked }),
    close() {
      sync.stop();
      others?.close();
      store.close();
    },
  };
}
