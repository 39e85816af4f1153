/** The map of one alarm: borders, home, areas, and where the person was last. Leaflet draws; nothing is asked of outside servers unless a tile address is set. */
import type { FeatureCollection } from "geojson";
import L from "leaflet";
import { borders } from "./api";
import { drawTrack } from "./track-layer";
import type { AlarmDetail, Track } from "./types";

/** Without an accuracy the circle would say more than is known, so none is drawn. */
const CLOSEST_ZOOM = 16;
/** Room for the label right of a pin: a walk leads to the edge of what is shown. */
const LABEL_PX = 140;

export interface MapWords {
  zoomIn: string;
  zoomOut: string;
  home: string;
  person: string;
}

/** What is known of the way since the alarm, and the label of the last confirmed position. */
export interface Trail {
  track: Track;
  confirmed: string;
  now: number;
}

let known: Promise<FeatureCollection | null> | null = null;

/** Fetched once for as long as the page lives; tried again with the next alarm when it failed. */
function basemap(): Promise<FeatureCollection | null> {
  known ??= borders().catch(() => {
    known = null;
    return null;
  });
  return known;
}

function tileAddress(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="alarmcore-tiles"]')?.content.trim() ?? "";
}

export class AlarmMapView {
  #map: L.Map;
  #marks = L.layerGroup();
  #extent: L.LatLngBounds | null = null;

  constructor(node: HTMLElement, words: MapWords) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#map = L.map(node, { zoomControl: false, zoomSnap: 0.25, zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still, preferCanvas: false });
    this.#map.attributionControl.setPrefix(false);
    this.#map.setView([62, 15], 4);
    L.control.zoom({ zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(this.#map);
    // Without map pictures, the scale is what tells a walk from a drive.
    L.control.scale({ imperial: false }).addTo(this.#map);
    const tiles = tileAddress();
    if (tiles) L.tileLayer(tiles, { maxZoom: 19 }).addTo(this.#map);
    this.#marks.addTo(this.#map);
    void basemap().then((found) => this.#ground(found));
  }

  /** Draw the alarm anew; the view moves only when `fit` says so, never under an operator who is looking around. */
  draw(alarm: AlarmDetail, words: MapWords, trail: Trail | null, fit: boolean): void {
    this.#marks.clearLayers();
    const shown: L.LatLngBounds[] = [];
    for (const layer of this.#areas(alarm)) shown.push(layer.getBounds());
    if (alarm.home) {
      this.#pin(alarm.home, "home", words.home);
      shown.push(L.latLng(alarm.home.lat, alarm.home.lon).toBounds(200));
    }
    const way = trail && drawTrack(trail.track, this.#marks, trail.confirmed, trail.now);
    if (way) shown.push(way);
    const seen = trail?.track.seen ?? trail?.track.fixes.at(-1);
    const fix = seen ?? alarm.position;
    // The last confirmed position has a pin of its own already.
    if (fix && (!seen || seen.at !== trail?.track.last_confirmed?.at)) {
      const where = L.latLng(fix.lat, fix.lon);
      if (fix.accuracy_m) L.circle(where, { radius: fix.accuracy_m, className: "map-accuracy", interactive: false }).addTo(this.#marks);
      this.#pin(fix, "person", words.person);
      shown.push(where.toBounds(Math.max(200, 2.4 * (fix.accuracy_m ?? 0))));
    }
    const first = shown[0];
    this.#extent = first ? shown.reduce((all, one) => all.extend(one), L.latLngBounds(first.getSouthWest(), first.getNorthEast())) : null;
    if (fit) this.fit();
  }

  fit(): void {
    this.#map.invalidateSize({ animate: false });
    if (this.#extent) this.#map.fitBounds(this.#extent, { paddingTopLeft: [24, 24], paddingBottomRight: [LABEL_PX, 24], maxZoom: CLOSEST_ZOOM, animate: false });
  }

  remove(): void {
    this.#map.remove();
  }

  #ground(found: FeatureCollection | null): void {
    if (!found || !this.#map.getPane("overlayPane")) return;
    const layer = L.geoJSON(found, { interactive: false, attribution: "SCB", style: (f) => ({ className: f?.properties?.["role"] === "own" ? "map-own" : "map-neighbour" }) });
    layer.addTo(this.#map).bringToBack();
    if (!this.#extent && layer.getBounds().isValid()) this.#map.fitBounds(layer.getBounds(), { animate: false });
  }

  *#areas(alarm: AlarmDetail): Generator<L.GeoJSON | L.Circle> {
    for (const feature of alarm.zones?.features ?? []) {
      const radius: unknown = feature.properties?.["radius_m"];
      if (feature.geometry.type === "Point" && typeof radius === "number") {
        const [lon = 0, lat = 0] = feature.geometry.coordinates;
        yield L.circle([lat, lon], { radius, className: "map-zone", interactive: false }).addTo(this.#marks);
      } else {
        yield L.geoJSON(feature, { interactive: false, style: { className: "map-zone" } }).addTo(this.#marks);
      }
    }
  }

  #pin(at: { lat: number; lon: number }, kind: "home" | "person", title: string): void {
    const label = document.createElement("span");
    label.textContent = title;
    const icon = L.divIcon({ className: `map-pin map-${kind}`, html: label, iconSize: [22, 22] });
    L.marker([at.lat, at.lon], { icon, interactive: false, keyboard: false }).addTo(this.#marks);
  }
}
