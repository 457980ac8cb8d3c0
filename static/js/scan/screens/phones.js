// Phones without any network tell each other whom they served: one shows square codes, the other reads them.

import { Camera } from "../camera.js";
import { clone, fill, fillPart, onAct, show } from "../dom.js";
import { faultText, plain, say } from "../i18n.js";
import { machine } from "../machine.js";
import { signal } from "../sound.js";
import { watchKeys } from "../wedge.js";

export function phones(main) {
  let end = null;
  const put = (page) => {
    end?.();
    end = null;
    main.replaceChildren(page);
    main.scrollTop = 0;
    main.focus({ preventScroll: true });
  };
  const choice = () => {
    const page = clone("phones");
    onAct(page, { show: async () => put(await shownPages(choice)), read: () => {
      const page = clone("pages-read");
      put(page);
      end = readPages(page, choice);
    } });
    put(page);
  };
  choice();
  return () => end?.();
}

async function shownPages(back) {
  const page = clone("pages-shown");
  const [texts, { pictureOf }] = await Promise.all([machine.showPages(), import("../qr_picture.js")]);
  show(page, "empty", texts.length === 0);
  show(page, "codes", texts.length > 0);
  show(page, "next", texts.length > 1);
  let at = 0;
  const turn = () => {
    const figures = { page: at + 1, pages: texts.length };
    page.querySelector('[data-part="picture"]').replaceChildren(pictureOf(texts[at], plain("pages.picture", figures)));
    fill(page, { count: say("pages.count", figures) });
  };
  if (texts.length) turn();
  onAct(page, {
    next: () => {
      at = (at + 1) % texts.length;
      turn();
    },
    back,
  });
  return page;
}

function readPages(page, back) {
  const read = new Map(); // Name of the phone -> the pages of it that were read.
  let last = null;
  const take = async (text) => {
    if (!text || text === last) return;
    last = text;
    try {
      const found = await machine.readPage(await machine.read(text));
      const pages = (read.get(found.name) ?? new Set()).add(found.page);
      read.set(found.name, pages);
      fillPart(page, "problem", null);
      const isWhole = pages.size >= found.pages;
      fill(page, { progress: say(isWhole ? "pages.whole" : "pages.read", { page: found.page, pages: found.pages, device: found.name }) });
      signal("done");
    } catch (error) {
      fillPart(page, "problem", faultText(error));
    }
  };
  const camera = new Camera(page.querySelector("video"), take, (state) => {
    if (["refused", "missing", "busy"].includes(state)) fillPart(page, "problem", say(`camera.${state}`));
  });
  const endKeys = watchKeys(take);
  onAct(page, { back });
  camera.start();
  return () => {
    camera.close();
    endKeys();
  };
}
