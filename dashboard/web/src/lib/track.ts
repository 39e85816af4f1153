/** The track of a search in words, and what of it is drawn how. Pure: `now` is always given. */
import type { Point } from "./geo";
import type { Texts } from "./texts";
import type { Language, Track, TrackFix } from "./types";
import { distance, metres } from "./geo";
import { minute, since, words } from "./time";

/** Nobody walks faster than this for minutes on end: 9 km/h. */
const WALKING_MPS = 2.5;
/** How far ahead the arrow reaches: where somebody may be after so long. */
const AHEAD_S = 120;
const ARROW_M = { min: 60, max: 600 };
/** A position this old is drawn as faintly as any. */
const FADED_S = 1800;
const DEGREE_M = 111_320;

/** Of eight compass directions, the one that an angle clockwise from north lies in. */
export function compass(degrees: number): number {
  return ((Math.round(degrees / 45) % 8) + 8) % 8;
}

/** How strongly a position is drawn, from 1 (now) to 0.25 (long ago). */
export function strength(fix: TrackFix, now: number): number {
  return Math.max(0.25, 1 - (0.75 * Math.max(0, since(fix.at, now))) / FADED_S);
}

/** The last confirmed position and how the person moved, as one clause: "senast bekräftad 14:32, 3 min sedan, gick norrut ca 4 km/h". */
export function said(track: Track, now: number, t: Texts, language: Language, zone: string): string {
  const last = track.last_confirmed;
  if (!last) return t.notConfirmed;
  const parts = [t.confirmed(minute(last.at, now, language, zone), words(Math.max(0, since(last.at, now)), language))];
  const moved = movement(track, t, language);
  if (moved) parts.push(moved);
  return parts.join(", ");
}

function movement(track: Track, t: Texts, language: Language): string | null {
  const { speed_mps: speed, direction_deg: direction } = track;
  if (speed === null || speed === undefined) return null;
  if (direction === null || direction === undefined) return t.still;
  const kmh = speed * 3.6;
  const rounded = kmh < 10 ? Math.max(1, Math.round(kmh)) : Math.round(kmh / 5) * 5;
  return t.moved(speed <= WALKING_MPS, t.ways[compass(direction)] ?? "", rounded.toLocaleString(language === "sv" ? "sv-SE" : "en-GB"));
}

/** What else a searcher wants to know: where by the zones, how many positions there are, and how many of them are doubtful. */
export function beside(track: Track, t: Texts, language: Language, locale: string): string[] {
  const found: string[] = [];
  const last = track.last_confirmed;
  const zones = track.standing_zones?.[language] ?? t.theArea;
  if (last?.distance_m !== undefined) found.push((last.distance_m > 0 ? t.beyond : t.within)(metres(Math.abs(last.distance_m), locale), zones));
  // Beside a distance only what it does not say by itself.
  const standing = track.standing && (track.standing === "uncertain" || !found.length) ? t.standing[track.standing] : undefined;
  if (standing) found.push(standing(zones));
  for (const other of track.elsewhere ?? []) if (track.seen) found.push(t.elsewhere(other.device ?? "", metres(distance(track.seen, other), locale)));
  found.push(t.points(track.fixes.length));
  const doubtful = track.fixes.filter((fix) => !fix.good).length;
  // Where none is confirmed that stands there already.
  if (doubtful && last) found.push(t.doubtful(doubtful));
  return found;
}

/** Where the arrow of direction starts, ends, and has its barbs; null where no direction is known. */
export function arrow(track: Track): { shaft: [Point, Point]; barbs: [Point, Point, Point] } | null {
  const { last_confirmed: from, direction_deg: direction, speed_mps: speed } = track;
  if (!from || direction === null || direction === undefined || !speed) return null;
  const length = Math.min(ARROW_M.max, Math.max(ARROW_M.min, speed * AHEAD_S));
  const tip = onward(from, direction, length);
  return { shaft: [from, tip], barbs: [onward(tip, direction + 150, length / 4), tip, onward(tip, direction - 150, length / 4)] };
}

/** The place so many metres away in a direction: flat, which is right for an arrow. */
function onward(from: Point, degrees: number, length: number): Point {
  const angle = (degrees * Math.PI) / 180;
  return {
    lat: from.lat + (length * Math.cos(angle)) / DEGREE_M,
    lon: from.lon + (length * Math.sin(angle)) / (DEGREE_M * Math.cos((from.lat * Math.PI) / 180)),
  };
}
