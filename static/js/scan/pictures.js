// Photos and signatures, kept so small that hundreds fit on a phone and through a thin link.

const PHOTO_BYTES = 40_000;
const SIGNATURE_BYTES = 20_000;
const SIDES = [800, 640, 480, 360, 240];
const QUALITIES = [0.75, 0.6, 0.45, 0.3];

// A JPEG of at most 40 kB of a canvas or an ImageBitmap.
export async function smallPhoto(source) {
  for (const side of SIDES) {
    const canvas = scaled(source, side);
    for (const quality of QUALITIES) {
      const blob = await blobOf(canvas, "image/jpeg", quality);
      if (blob && blob.size <= PHOTO_BYTES) return blob;
    }
  }
  throw new Error("photo.failed");
}

// A PNG of at most 20 kB of the strokes on the canvas.
export async function smallSignature(canvas) {
  for (const side of [canvas.width, 400, 300, 200]) {
    const blob = await blobOf(scaled(canvas, side), "image/png");
    if (blob && blob.size <= SIGNATURE_BYTES) return blob;
  }
  throw new Error("photo.failed");
}

// Lets a finger or a pen draw on the canvas. Returns {isEmpty(), wipe()}.
export function signaturePad(canvas) {
  const context = canvas.getContext("2d");
  let isEmpty = true;
  const wipe = () => {
    isEmpty = true;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
  };
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    Object.assign(context, { lineWidth: 4, lineCap: "round", lineJoin: "round", strokeStyle: "#000" });
    context.beginPath();
    context.moveTo(...place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    isEmpty = false;
    context.lineTo(...place(event));
    context.stroke();
  });
  wipe();
  return { isEmpty: () => isEmpty, wipe };
}

function scaled(source, side) {
  const factor = Math.min(1, side / Math.max(source.width, source.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(source.width * factor);
  canvas.height = Math.round(source.height * factor);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const blobOf = (canvas, type, quality) => new Promise((resolve) => canvas.toBlob(resolve, type, quality));
