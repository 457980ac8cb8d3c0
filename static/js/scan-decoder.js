// The worker that looks for a QR code in pictures of the camera: two decoders take turns, for each reads what the other does not.

import { decodeQR } from "qr/decode.js";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

const ZXING = { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1, textMode: "Plain" };
const QR_TIME_MS = 40;

let isZxingReady = false;
let turn = 0;
let canvas = null;

// {wasm: address} once, then {picture: ImageBitmap | ImageData}: each is answered by {text} or {text: null}.
self.onmessage = async ({ data }) => {
  if (data.wasm) {
    await prepare(data.wasm);
    return;
  }
  let text = null;
  try {
    text = await read(pixelsOf(data.picture));
  } catch {
    // A picture that a decoder trips over is a picture without a code.
  }
  self.postMessage({ text });
};

async function prepare(wasm) {
  try {
    await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
    isZxingReady = true;
  } catch {
    // The other decoder works on alone.
  }
}

function read(pixels) {
  turn += 1;
  return isZxingReady && turn % 2 === 0 ? readByZxing(pixels) : readByQr(pixels);
}

function readByQr(pixels) {
  return decodeQR(pixels, { timeLimit: QR_TIME_MS });
}

async function readByZxing(pixels) {
  const [found] = await readBarcodes(pixels, ZXING);
  return found?.isValid ? found.text : null;
}

function pixelsOf(picture) {
  if (picture.data) return picture;
  const { width, height } = picture;
  if (canvas?.canvas.width !== width || canvas.canvas.height !== height) {
    canvas = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  }
  canvas.drawImage(picture, 0, 0);
  picture.close();
  return canvas.getImageData(0, 0, width, height);
}
