// The scan screen: camera, hand scanner and typed digits all lead to the same verdict.

import { Camera } from "../camera.js";
import { set, setting } from "../config.js";
import { clone, fault, fill, fillPart, onAct, onSend, part, show } from "../dom.js";
import { faultText, say } from "../i18n.js";
import { machine } from "../machine.js";
import { startPlace } from "../place.js";
import { go } from "../router.js";
import { toast } from "../toast.js";
import { typedFault, watchKeys } from "../wedge.js";
import { Held } from "./held.js";
import { openState } from "./states.js";

export async function scan(main) {
  if (!machine.operator()) {
    await go("unlock");
    return;
  }
  const page = clone("scan");
  main.append(page);
  startPlace();
  fillPart(page, "banner", await bannerText());

  const held = new Held();
  let isLooking = false;

  async function take(text) {
    if (isLooking) return;
    isLooking = true;
    try {
      const presented = await machine.read(text);
      if (presented.kind === "page") await takePage(presented);
      else held.put(text, await openState(presented, { camera, onEnd: next }));
    } catch (error) {
      toast(faultText(error));
    } finally {
      isLooking = false;
    }
  }

  function next() {
    held.release();
    form.typed.value = "";
  }

  const camera = new Camera(
    page.querySelector("video"),
    (text) => held.saw(text) && take(text),
    (state) => showCamera(page, camera, state),
  );
  const endKeys = watchKeys((text) => held.takes(text) && take(text));
  const form = onSend(page, "typed", async () => {
    const text = form.typed.value;
    if (!text.trim() || fault(page, "typed", typedFault(text))) return form.typed.focus();
    await take(text);
  });
  form.typed.addEventListener("input", () => fault(page, "typed", null));
  onAct(page, {
    camera: () => {
      set("camera", "on");
      camera.start();
    },
    torch: async (button) => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      await camera.setTorch(isOn).catch(() => {});
      button.setAttribute("aria-pressed", isOn);
    },
    turn: () => camera.turn(),
  });
  if (setting("camera") === "on") camera.start();
  return () => {
    camera.close();
    endKeys();
    held.close();
  };
}

async function takePage(presented) {
  const { page, pages, name } = await machine.readPage(presented);
  toast(say("pages.read", { page, pages, device: name }));
}

// What keeps the phone from knowing families, or from handing over at all.
async function bannerText() {
  const { hasFamilies, isExpired, isRevoked } = await machine.roster();
  if (isRevoked) return say("device.revoked");
  if (isExpired) return say("roster.expired");
  return hasFamilies ? null : say("roster.none");
}

async function showCamera(page, camera, state) {
  const isOn = state === "on";
  show(page, "asleep", !isOn);
  show(page, "frame", isOn);
  show(page, "tip", isOn);
  show(page, "torch", isOn && camera.hasTorch);
  part(page, "torch").setAttribute("aria-pressed", "false");
  page.querySelector('[data-act="camera"]').hidden = state === "starting";
  if (!isOn) fill(page, { camera: say(`camera.${state}`) });
  show(page, "turn", isOn && (await Camera.list()).length > 1);
}
