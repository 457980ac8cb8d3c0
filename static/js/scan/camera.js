// The camera behind the scan screen: started when wanted, let go of when the page is hidden, its middle square read for codes.

import { set, setting } from "./config.js";
import { decode, isBusy, prepare } from "./decoding.js";

// More pixels only make a cheap phone slower: a sheet's code fills the frame.
const WANTED = { width: { ideal: 1280 }, height: { ideal: 720 } };
const LARGEST_SIDE = 720;
const EACH_MS = 60;
const TROUBLES = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", OverconstrainedError: "missing" };

export class Camera {
  #video;
  #onText;
  #onChange;
  #stream = null;
  #isWanted = false;
  #timer = null;
  #starting = 0;

  // `onText(text)` at each picture with a code, `onChange(state)` with "starting", "on", "off", "refused", "missing" or "busy".
  constructor(video, onText, onChange) {
    this.#video = video;
    this.#onText = onText;
    this.#onChange = onChange;
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  get isOn() {
    return this.#stream !== null;
  }

  get hasTorch() {
    return Boolean(this.#track?.getCapabilities?.().torch);
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  async start() {
    this.#isWanted = true;
    if (this.isOn || document.hidden) return;
    const number = ++this.#starting;
    this.#onChange("starting");
    prepare();
    let stream;
    try {
      stream = await this.#open();
    } catch (error) {
      if (number === this.#starting) this.#fail(TROUBLES[error?.name] ?? "busy");
      return;
    }
    if (number !== this.#starting || !this.#isWanted) {
      release(stream); // Stopped or turned while the browser was asking.
      return;
    }
    this.#stream = stream;
    this.#track.addEventListener("ended", () => this.#letGo("busy"));
    this.#video.srcObject = stream;
    this.#video.hidden = false;
    await this.#video.play().catch(() => {});
    this.#onChange("on");
    this.#look();
  }

  stop() {
    this.#isWanted = false;
    this.#letGo("off");
  }

  close() {
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#onChange = () => {};
    this.stop();
  }

  async setTorch(isOn) {
    await this.#track?.applyConstraints({ advanced: [{ torch: isOn }] });
  }

  // The cameras of the phone as [{id, label}]; browsers name them only once one is allowed.
  static async list() {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return devices.filter(({ kind }) => kind === "videoinput").map(({ deviceId, label }) => ({ id: deviceId, label }));
  }

  // Goes on to the next camera of the phone and remembers it.
  async turn() {
    const cameras = await Camera.list();
    const now = this.#track?.getSettings().deviceId;
    const next = cameras[(cameras.findIndex(({ id }) => id === now) + 1) % cameras.length];
    if (!next) return;
    set("cameraId", next.id);
    this.#letGo("starting");
    await this.start();
  }

  // What the camera sees now, drawn on a canvas; null while it is off.
  still() {
    if (!this.isOn || !this.#video.videoWidth) return null;
    const canvas = document.createElement("canvas");
    canvas.width = this.#video.videoWidth;
    canvas.height = this.#video.videoHeight;
    canvas.getContext("2d").drawImage(this.#video, 0, 0);
    return canvas;
  }

  #open() {
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotFoundError");
    const id = setting("cameraId");
    const which = id ? { deviceId: { ideal: id } } : { facingMode: { ideal: "environment" } };
    return navigator.mediaDevices.getUserMedia({ audio: false, video: { ...WANTED, ...which } });
  }

  #fail(trouble) {
    this.#isWanted = false;
    this.#letGo(trouble);
  }

  #letGo(state) {
    this.#starting += 1;
    clearTimeout(this.#timer);
    if (this.#stream) release(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
    this.#video.hidden = true;
    this.#onChange(state);
  }

  #onVisibility = () => {
    if (document.hidden && this.isOn) this.#letGo("off");
    else if (!document.hidden && this.#isWanted) this.start();
  };

  // Picture after picture, never one while another is being read: a slow phone then looks less often and stays answerable.
  #look() {
    const number = this.#starting;
    const next = async () => {
      if (!isBusy() && this.#video.readyState >= 2) {
        const text = await decode(await this.#picture()).catch(() => null);
        if (number !== this.#starting) return;
        this.#onText(text);
      }
      if (number === this.#starting) this.#timer = setTimeout(next, EACH_MS);
    };
    next();
  }

  async #picture() {
    const { videoWidth, videoHeight } = this.#video;
    const square = Math.min(videoWidth, videoHeight);
    const side = Math.min(square, LARGEST_SIDE);
    const corner = [Math.floor((videoWidth - square) / 2), Math.floor((videoHeight - square) / 2)];
    if (typeof OffscreenCanvas === "function") {
      return createImageBitmap(this.#video, ...corner, square, square, { resizeWidth: side, resizeHeight: side });
    }
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.#video, ...corner, square, square, 0, 0, side, side);
    return context.getImageData(0, 0, side, side);
  }
}

function release(stream) {
  for (const track of stream.getTracks()) track.stop();
}
