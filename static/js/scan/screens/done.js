// The card that says it is recorded, and the undoing of a hand-over while its goods are still on the table.

import { clone, fault, fill, fillPart, list, onAct, onSend, show } from "../dom.js";
import { faultText, say } from "../i18n.js";
import { machine } from "../machine.js";
import { signal } from "../sound.js";
import { toast } from "../toast.js";
import { givenLines, lineOf } from "./amounts.js";
import { cover } from "./cover.js";

export function openDone(event, { card, given, onEnd }) {
  const page = clone("done");
  list(page, "lines", givenLines(card.due.lines, given).map(lineOf));
  fill(page, { code: card.family?.code });
  signal("done");
  const shown = cover(page, { mayBeReplaced: true, onEnd });
  onAct(page, {
    undo: async () => {
      if (!(await askUndo(event.id))) return;
      shown.close();
      onEnd();
    },
  });
  return shown;
}

// Asks why, and undoes. Resolves with whether it was undone.
export function askUndo(eventId) {
  const dialog = clone("undo");
  document.body.append(dialog);
  return new Promise((resolve) => {
    let isUndone = false;
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(isUndone);
    });
    onAct(dialog, { close: () => dialog.close() });
    dialog.addEventListener("change", ({ target }) => target.name === "reason" && show(dialog, "other", !target.value));
    const form = onSend(dialog, "undo", async () => {
      const chosen = dialog.querySelector("[name=reason]:checked");
      const reason = chosen ? chosen.value || form.other.value.trim() : "";
      if (!reason) {
        fault(dialog, "other", chosen ? say("reason.missing") : null);
        fillPart(dialog, "problem", chosen ? null : say("reason.missing"));
        return;
      }
      try {
        await machine.undo(eventId, reason);
        isUndone = true;
        toast(say("undone"));
        dialog.close();
      } catch (error) {
        fillPart(dialog, "problem", error?.code === "undo.not_possible" ? say("undo.refused") : faultText(error));
      }
    });
    dialog.showModal();
  });
}
