// What is handed over of each line: all that is owed, unless something is short.

import { clone, fault, fill, fillPart, list } from "../dom.js";
import { amountOf, money, nameIn, number, say } from "../i18n.js";
import { foldDigits } from "../wedge.js";

const AMOUNT = /^[0-9]{1,12}(\.[0-9]{1,2})?$/;

export function amountFields(page, lines) {
  list(page, "amounts", lines.map((line) => {
    const field = clone("amount");
    const input = field.querySelector("input");
    input.id = input.name = nameOf(line);
    input.value = typed(line, line.owed);
    const label = field.querySelector("label");
    label.htmlFor = input.id;
    label.replaceChildren(labelOf(line));
    const said = field.querySelector(".field-error");
    said.id = `${input.id}-error`;
    said.dataset.error = input.name;
    input.setAttribute("aria-describedby", said.id);
    return field;
  }));
}

function labelOf({ kind, owed, name }) {
  if (kind === "cash") return say("amount.of_cash", { owed: money(owed) });
  return say("amount.of_item", { item: nameIn(name), owed: number(owed) });
}

// {line: amount} of what is given, null where it is all that is owed, undefined after a fault was said.
export function readAmounts(page, lines) {
  const given = {};
  let isWrong = false;
  for (const line of lines) {
    const input = page.querySelector(`[name="${nameOf(line)}"]`);
    const amount = parsed(line, input.value);
    const isFaulty = amount === null || amount > line.owed;
    const most = line.kind === "cash" ? money(line.owed) : number(line.owed);
    isWrong = fault(page, nameOf(line), isFaulty ? say("amount.wrong", { most }) : null) || isWrong;
    given[line.line] = amount;
  }
  const isNothing = !isWrong && Object.values(given).every((amount) => amount === 0);
  fillPart(page, "problem", isNothing ? say("amount.none") : null);
  if (isWrong) page.querySelector('[data-part="details"]').open = true;
  if (isWrong || isNothing) return undefined;
  return lines.every(({ line, owed }) => given[line] === owed) ? null : given;
}

// What was given of the lines, in words.
export function givenLines(lines, given) {
  const amounts = lines.map((line) => [line, given ? given[line.line] ?? 0 : line.owed]);
  return amounts.filter(([, amount]) => amount > 0).map(([line, amount]) => amountOf(line, amount));
}

export function lineOf(text) {
  const item = clone("line");
  fill(item, { text });
  return item;
}

const nameOf = ({ line }) => `line-${line}`;

function typed({ kind }, amount) {
  if (kind !== "cash") return String(amount);
  const [rupees, rest] = [Math.floor(amount / 100), amount % 100];
  return rest ? `${rupees}.${String(rest).padStart(2, "0")}` : String(rupees);
}

function parsed({ kind }, text) {
  const plain = foldDigits(text).replace(/[\s,٬]/g, "");
  if (!AMOUNT.test(plain)) return null;
  if (kind === "cash") return Math.round(Number(plain) * 100);
  return Number.isInteger(Number(plain)) ? Number(plain) : null;
}
