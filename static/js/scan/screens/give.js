// GIVE: what and how much, to whom, against which proof; what is short, who collects; then the hand-over is recorded.

import { clone, fault, fill, fillPart, focusFault, list, onAct, onSend, part, show } from "../dom.js";
import { amountOf, faultText, proofName, refusalText, say } from "../i18n.js";
import { machine } from "../machine.js";
import { placeNow } from "../place.js";
import { signal } from "../sound.js";
import { foldDigits } from "../wedge.js";
import { amountFields, lineOf, readAmounts } from "./amounts.js";
import { cover, fillFamily, recordScan } from "./cover.js";
import { openDone } from "./done.js";
import { pictureFields } from "./picture_fields.js";

const PROOFS = ["cnic_seen", "last_four", "holder_tag", "photo", "witness", "none"];
const DIGITS_TOLD = { last_four: 4, holder_tag: 13 };
// What can be mended on the card; any other answer is another state.
const MENDED_AT = {
  "redemption.proof_missing": "proof",
  "redemption.holder_does_not_match": "answer",
};

export function openGive(presented, card, options) {
  const page = clone("give");
  const lines = card.due.lines.filter(({ owed }) => owed > 0);
  list(page, "lines", lines.map((line) => lineOf(amountOf(line))));
  show(page, "rest", card.isRest);
  fillPart(page, "instalment", card.due.instalment > 1 && say("instalment", { number: card.due.instalment }));
  fillFamily(page, card.family);
  show(page, "stranger", !card.family);
  const required = card.campaign.proof_required;
  proofFields(page, required);
  amountFields(page, lines);
  const pictures = pictureFields(page, options.camera);

  const form = onSend(page, "give", async () => {
    fillPart(page, "problem", null);
    const filled = read(page, form, lines, required, pictures);
    if (!filled) return focusFault(page);
    try {
      await hand(filled);
    } catch (error) {
      fillPart(page, "problem", error?.code?.startsWith("storage.") ? say("not_saved") : faultText(error));
    }
  });
  onAct(page, {
    "not-given": async () => {
      await recordScan(presented, card);
      shown.close();
      options.onEnd();
    },
  });
  signal("give");
  const shown = cover(page, { mayBeReplaced: false, onEnd: options.onEnd });
  return shown; // What is shown changes with it: the card that says "recorded" may be replaced by the next family's code.

  async function hand({ given, proof, answer, proxy }) {
    const checked = await machine.judge(presented, { given, proof, answer });
    if (checked.state !== "give") return refuse(checked, { proof, answer });
    const [photo, signatureImage] = await pictures.take();
    const fields = { presented, card: checked, given, proof, answer, proxy, photo, signatureImage, gps: placeNow() };
    const event = await machine.record("hand_over", fields);
    Object.assign(shown, openDone(event, { card: checked, given, onEnd: options.onEnd }));
  }

  async function refuse(checked, told) {
    await recordScan(presented, checked, told);
    const field = MENDED_AT[checked.refusal];
    if (!field && checked.refusal !== "redemption.more_than_owed") {
      Object.assign(shown, options.showOther(presented, checked, options));
      return;
    }
    if (field) fault(page, field, refusalText(checked.refusal));
    else fillPart(page, "problem", refusalText(checked.refusal));
    focusFault(page);
  }
}

function proofFields(page, required) {
  const isAsked = required !== "none";
  fillPart(page, "asked", isAsked && say("proof.asked", { proof: proofName(required) }));
  part(page, "proofs").open = isAsked;
  const choices = PROOFS.filter((proof) => proof !== "none" || !isAsked).map((proof) => {
    const choice = clone("proof");
    const input = choice.querySelector("input");
    input.value = proof;
    input.checked = proof === "none"; // Where a proof is asked for, staff say which was made; it is never filled in for them.
    fill(choice, { label: proofName(proof) });
    return choice;
  });
  list(page, "proofs", choices);
  part(page, "proofs").addEventListener("change", ({ target }) => {
    if (target.name !== "proof") return;
    fault(page, "proof", null);
    fault(page, "answer", null);
    fillPart(page, "answer", DIGITS_TOLD[target.value] ? say(target.value === "last_four" ? "answer.four" : "answer.whole") : null);
    part(page, "pictures").open ||= target.value === "photo";
    if (DIGITS_TOLD[target.value]) showField(page.querySelector("#answer"));
  });
}

function showField(input) {
  input.value = "";
  input.focus({ preventScroll: true });
  input.closest(".field").scrollIntoView({ block: "center" });
}

// What the person filled in, or null after saying what is missing.
function read(page, form, lines, required, pictures) {
  const proof = form.elements.proof.value;
  const told = foldDigits(form.answer.value).replace(/[^0-9]/g, "");
  const length = DIGITS_TOLD[proof];
  const amounts = readAmounts(page, lines);
  const proxy = readProxy(page, form);
  const faults = [
    fault(page, "proof", proof ? null : say("proof.missing")),
    fault(page, "answer", length && told.length !== length ? say("answer.wrong") : null),
    fault(page, "photo", proof === "photo" && !pictures.hasPhoto() ? say("photo.missing") : null),
    amounts === undefined,
    proxy === undefined,
  ];
  if (faults[2]) part(page, "pictures").open = true;
  return faults.some(Boolean) ? null : { given: amounts, proof, answer: length ? told : null, proxy };
}

// {name, relation, last_four} of who collects, null where the family itself does, undefined after a fault was said.
function readProxy(page, form) {
  const [name, relation] = [form.proxy.value.trim(), form.relation.value.trim()];
  const lastFour = foldDigits(form["last-four"].value).replace(/[^0-9]/g, "");
  const isAny = Boolean(name || relation || lastFour);
  const isWhole = Boolean(name && relation && lastFour.length === 4);
  if (fault(page, "proxy", isAny && !isWhole ? say("proxy.wrong") : null)) return undefined;
  return isAny ? { name, relation, last_four: lastFour } : null;
}
