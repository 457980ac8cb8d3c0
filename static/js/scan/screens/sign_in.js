// Signing in on this phone: once with e-mail address and password, then by the PIN that is chosen here.

import { clone, fault, fillPart, focusFault, onAct, onSend, show } from "../dom.js";
import { faultText, say } from "../i18n.js";
import { machine } from "../machine.js";
import { go } from "../router.js";
import { digitsOf } from "../wedge.js";
import { languageButtons } from "./language.js";

const SHORTEST_PIN = 6;
// 111111, 123456, 654321 and their like are the first that anybody tries.
const RUNS = "01234567890123456789";

export function signIn(main, { isFirst = false } = {}) {
  const page = clone("sign-in");
  main.append(page);
  languageButtons(page);
  show(page, "back", !isFirst);
  onAct(page, { back: () => go("unlock") });
  const form = onSend(page, "sign-in", async () => {
    const [email, password] = [form.email.value.trim(), form.password.value];
    const [pin, again] = [digitsOf(form.pin.value), digitsOf(form["pin-again"].value)];
    const faults = [
      fault(page, "email", email ? null : say("email.missing")),
      fault(page, "password", password ? null : say("password.missing")),
      fault(page, "pin", pinFault(pin)),
      fault(page, "pin-again", pin === again ? null : say("pin.differs")),
    ];
    if (faults.some(Boolean)) return focusFault(page);
    fillPart(page, "problem", null);
    show(page, "working");
    try {
      await machine.signIn({ email, password, pin });
      await go("scan");
    } catch (error) {
      show(page, "working", false);
      fillPart(page, "problem", faultText(error));
    }
  });
}

function pinFault(pin) {
  if (pin.length < SHORTEST_PIN) return say("pin.too_short");
  const isSimple = new Set(pin).size === 1 || RUNS.includes(pin) || RUNS.includes([...pin].reverse().join(""));
  return isSimple ? say("pin.simple") : null;
}
