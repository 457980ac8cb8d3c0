// Unlocking by PIN: who works with the phone now, and how many tries are left.

import { clone, fault, fill, list, onAct, onSend, show } from "../dom.js";
import { faultText, say } from "../i18n.js";
import { machine } from "../machine.js";
import { go } from "../router.js";
import { languageButtons } from "./language.js";

export async function unlock(main) {
  const operators = await machine.operators();
  if (!operators.length) {
    await go("sign-in", { isFirst: true });
    return;
  }
  const page = clone("unlock");
  main.append(page);
  languageButtons(page);
  list(page, "operators", operators.map(choiceOf));
  show(page, "operators", operators.length > 1);
  show(page, "operator", operators.length === 1);
  fill(page, { operator: operators[0].name });
  onAct(page, { other: () => go("sign-in") });
  const form = onSend(page, "unlock", async () => {
    const chosen = operators.length > 1 ? form.elements.operator.value : operators[0].id;
    const { pin } = form.elements;
    try {
      await machine.unlock(chosen, pin.value);
      await go("scan");
    } catch (error) {
      if (error?.code === "pin.shredded") return go("shredded");
      pin.value = "";
      fault(page, "pin", error?.code === "pin.wrong" ? say("pin.wrong", { count: error.details.left }) : faultText(error));
      pin.focus();
    }
  });
  form.elements.pin.focus();
}

export function shredded(main) {
  const page = clone("shredded");
  main.append(page);
  onAct(page, { "sign-in": () => go("sign-in", { isFirst: true }) });
}

function choiceOf({ id, name }, index) {
  const choice = clone("operator");
  const input = choice.querySelector("input");
  input.value = id;
  input.checked = index === 0;
  fill(choice, { name });
  return choice;
}
