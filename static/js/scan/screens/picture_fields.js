// The photo and the signature of a hand-over: both optional, both small.

import { fault, onAct, part, show } from "../dom.js";
import { say } from "../i18n.js";
import { signaturePad, smallPhoto, smallSignature } from "../pictures.js";

// `camera` is the one of the scan screen, which runs behind the card. Returns {hasPhoto(), take()}.
export function pictureFields(page, camera) {
  const pad = signaturePad(page.querySelector("canvas"));
  const image = part(page, "photo");
  let photo = null;

  async function keep(source) {
    try {
      photo = await smallPhoto(source);
      image.src = await addressOf(photo);
      fault(page, "photo", null);
    } catch {
      photo = null;
      fault(page, "photo", say("photo.failed"));
    }
    showPhoto();
  }

  function showPhoto() {
    show(page, "photo", photo !== null);
    show(page, "drop-photo", photo !== null);
  }

  const file = part(page, "photo-file");
  file.addEventListener("change", async () => {
    if (file.files[0]) await keep(await createImageBitmap(file.files[0]).catch(() => null));
  });
  onAct(page, {
    photo: () => {
      const still = camera?.still();
      if (still) keep(still);
      else file.click();
    },
    "drop-photo": () => {
      photo = null;
      showPhoto();
    },
    wipe: pad.wipe,
  });
  return {
    hasPhoto: () => photo !== null,
    // [photo, signature] as bytes, null where there is none.
    take: async () => Promise.all([bytesOf(photo), pad.isEmpty() ? null : bytesOf(await smallSignature(page.querySelector("canvas")))]),
  };
}

async function bytesOf(blob) {
  return blob ? new Uint8Array(await blob.arrayBuffer()) : null;
}

function addressOf(blob) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(blob);
  });
}
