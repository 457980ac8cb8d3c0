// A text as a QR code for another phone's camera: loaded only when codes are shown.

import { encodeQR } from "qr";

const QUIET_MODULES = 4;
const SVG = "http://www.w3.org/2000/svg";

// An SVG element, black on white in any colour scheme; `label` is what a screen reader says.
export function pictureOf(text, label) {
  const rows = encodeQR(text, "raw", { ecc: "low", encoding: "alphanumeric", border: QUIET_MODULES });
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: `0 0 ${rows.length} ${rows.length}`, width: 600, height: 600, role: "img", "aria-label": label, "shape-rendering": "crispEdges" };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : []))).join(""));
  svg.append(path);
  return svg;
}
