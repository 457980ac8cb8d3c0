// The buttons by which a person changes the language, wherever they stand.

import { choose, language } from "../i18n.js";

export function languageButtons(page) {
  for (const button of page.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-current", button.dataset.language === language());
    button.addEventListener("click", async () => {
      if (await choose(button.dataset.language)) document.dispatchEvent(new Event("scan:language"));
    });
  }
}
