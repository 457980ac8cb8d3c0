// The coverage map: Leaflet, and a layer that fetches its boundaries once and colours them by the figures of the page.
//
// Names and figures reach the page as text nodes only. What a click on the map does, the links of the table do too.

import L from "leaflet";
import { feature } from "topojson-client";

window.L = L; // The script that folium writes into the page calls it by this name.
L.Control.Scale.mergeOptions({ imperial: false });

// Lines of a thousand small areas would hide the colours between them.
const lineFor = (count) => ({ color: "#37474f", weight: count > 200 ? 0.35 : 0.8, opacity: 0.9, fillOpacity: 1 });
const POINTED_AT = { color: "#000", weight: 3, opacity: 1 };

const Areas = L.GeoJSON.extend({
  initialize(shown) {
    L.GeoJSON.prototype.initialize.call(this, null, {
      filter: ({ properties }) => properties.code in this.shown.areas,
      style: ({ properties }) => ({ ...this.line, fillColor: this.fillOf(properties) }),
      onEachFeature: (area, layer) => this.prepare(area.properties, layer),
    });
    this.shown = shown;
    this.line = lineFor(Object.keys(shown.areas).length);
  },

  onAdd(map) {
    L.GeoJSON.prototype.onAdd.call(this, map);
    const container = map.getContainer();
    container.dir = "ltr";
    container.setAttribute("role", "region");
    container.setAttribute("aria-label", this.shown.label);
    if (L.Browser.mobile) map.dragging.disable(); // One finger scrolls the page; two move the map.
    fitWhenPrinted(map, this.shown.bounds);
    this.load(container);
  },

  async load(container) {
    const status = L.DomUtil.create("p", "map-status", container);
    status.setAttribute("role", "status");
    status.textContent = this.shown.texts.loading;
    try {
      const answer = await fetch(this.shown.geometry);
      if (!answer.ok) throw new Error(answer.statusText);
      const topology = await answer.json();
      this.addData(feature(topology, topology.objects.areas));
      status.remove();
    } catch (fault) {
      console.error(fault);
      status.textContent = this.shown.texts.failed;
    }
  },

  fillOf({ code, is_schematic: isSchematic }) {
    const [number] = this.shown.areas[code];
    if (number === null) return "url(#no-data)";
    return isSchematic ? `url(#schematic-${number})` : this.shown.colours[number];
  },

  prepare(area, layer) {
    const row = document.querySelector(`tr[data-area="${CSS.escape(area.code)}"]`);
    layer.bindTooltip(() => this.tooltipOf(area), { sticky: true });
    const point = (isOn) => {
      layer.setStyle(isOn ? POINTED_AT : this.line);
      if (isOn) layer.bringToFront();
      row?.classList.toggle("is-pointed-at", isOn);
    };
    layer.on({ mouseover: () => point(true), mouseout: () => point(false), click: () => row?.querySelector("a")?.click() });
    for (const [name, isOn] of [["mouseenter", true], ["mouseleave", false], ["focusin", true], ["focusout", false]]) {
      row?.addEventListener(name, () => point(isOn));
    }
  },

  tooltipOf(area) {
    const box = document.createElement("div");
    const lines = [area[`name_${this.shown.language}`] || area.name_en, this.shown.areas[area.code][1]];
    if (area.is_schematic) lines.push(this.shown.texts.schematic);
    for (const [n, text] of lines.entries()) {
      const line = box.appendChild(document.createElement(n ? "div" : "strong"));
      line.dir = "auto";
      line.textContent = text;
    }
    return box;
  },
});

// Paper has another shape than the screen: the map is laid out for it before the page is, and put back after.
function fitWhenPrinted(map, whole) {
  let seen = null;
  const refit = (isPrinting, bounds) => {
    map.getContainer().parentElement.classList.toggle("is-printing", isPrinting);
    map.invalidateSize({ animate: false });
    map.fitBounds(bounds, { animate: false });
  };
  window.addEventListener("beforeprint", () => { seen = map.getBounds(); refit(true, whole); });
  window.addEventListener("afterprint", () => refit(false, seen));
}

L.reliefAreas = (shown) => new Areas(shown);
