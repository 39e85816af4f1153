/** Draws a track on a map: a line, dots that fade with age, accuracy circles, the last confirmed position, the way it leads. */
import L from "leaflet";
import { arrow, strength } from "./track";
import type { Track } from "./types";

/** Accuracy circles of the newest positions; more would hide the ground. */
const CIRCLES_MAX = 5;

const at = (point: { lat: number; lon: number }): [number, number] => [point.lat, point.lon];

export function drawTrack(track: Track, layer: L.LayerGroup, confirmed: string, now: number): L.LatLngBounds | null {
  // Between two devices nobody has gone: the line is that of the one that is with the person.
  const own = track.seen?.device;
  const good = track.fixes.filter((fix) => fix.good && (!own || !fix.device || fix.device === own));
  if (good.length > 1) {
    // A dark line below the bright one, so that it stands out from any ground.
    for (const className of ["map-track-ground", "map-track"]) L.polyline(good.map(at), { className, interactive: false }).addTo(layer);
  }
  for (const fix of good.slice(-CIRCLES_MAX))
    if (fix.accuracy_m) L.circle(at(fix), { radius: fix.accuracy_m, className: "map-track-accuracy", opacity: strength(fix, now), interactive: false }).addTo(layer);
  for (const fix of track.fixes) {
    const faint = strength(fix, now);
    const className = fix.good ? "map-dot" : "map-dot map-doubtful";
    L.circleMarker(at(fix), { radius: fix.good ? 5 : 4, className, opacity: faint, fillOpacity: fix.good ? faint : 0, interactive: false }).addTo(layer);
  }
  const way = arrow(track);
  if (way) for (const line of [way.shaft, way.barbs]) L.polyline(line.map(at), { className: "map-arrow", interactive: false }).addTo(layer);
  const last = track.last_confirmed;
  if (last) {
    const label = document.createElement("span");
    label.textContent = confirmed;
    L.marker(at(last), { icon: L.divIcon({ className: "map-pin map-confirmed", html: label, iconSize: [22, 22] }), interactive: false, keyboard: false }).addTo(layer);
  }
  // A wild position must not make all the others small.
  const drawn = [...(good.length ? good : track.fixes).map(at), ...(way ? way.shaft.map(at) : [])];
  return drawn.length ? L.latLngBounds(drawn) : null;
}
