// A phone that is not made ready yet: it waits for an invitation.

import { Camera } from "../camera.js";
import { clone, fillPart, onAct, part } from "../dom.js";
import { say } from "../i18n.js";
import { machine } from "../machine.js";
import { go } from "../router.js";
import { watchKeys } from "../wedge.js";
import { languageButtons } from "./language.js";

const INVITATION = /^\S+\/scan#enrol=([A-Za-z0-9_-]{43})$/;

export function welcome(main) {
  const page = clone("welcome");
  main.append(page);
  languageButtons(page);
  if (machine.wasCleared()) fillPart(page, "problem", say("storage.evicted"));
  const take = (text) => {
    const code = text && INVITATION.exec(text.trim())?.[1];
    if (code) go("enrol", code);
    else if (text) fillPart(page, "problem", say("not_an_invitation"));
  };
  const camera = new Camera(page.querySelector("video"), take, (state) => {
    part(page, "finder").hidden = state !== "on";
    if (["refused", "missing", "busy"].includes(state)) fillPart(page, "problem", say(`camera.${state}`));
  });
  onAct(page, { camera: () => camera.start() });
  const endKeys = watchKeys(take);
  return () => {
    camera.close();
    endKeys();
  };
}
