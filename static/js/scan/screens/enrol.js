// Making the phone ready with the code of an invitation.

import { clone, fault, fillPart, focusFault, onSend, show } from "../dom.js";
import { faultText, say } from "../i18n.js";
import { machine } from "../machine.js";
import { go } from "../router.js";
import { languageButtons } from "./language.js";

const STEPS = ["keys", "server"];

export function enrol(main, code) {
  const page = clone("enrol");
  main.append(page);
  languageButtons(page);
  const form = onSend(page, "enrol", async () => {
    const label = form.label.value.trim();
    if (fault(page, "label", label ? null : say("label.missing"))) return focusFault(page);
    fillPart(page, "problem", null);
    working(true);
    try {
      await machine.enrol({ code, label, onStep: atStep });
      await go("sign-in", { isFirst: true });
    } catch (error) {
      working(false);
      fillPart(page, "problem", faultText(error));
    }
  });

  function working(isWorking) {
    form.hidden = isWorking;
    show(page, "steps", isWorking);
    if (isWorking) atStep("keys");
  }

  function atStep(step) {
    for (const item of page.querySelectorAll("[data-step]")) {
      const distance = STEPS.indexOf(item.dataset.step) - STEPS.indexOf(step);
      item.classList.toggle("is-done", distance < 0);
      if (distance === 0) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
  }
}
