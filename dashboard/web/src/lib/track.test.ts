import { expect, test } from "vitest";
import { distance } from "./geo";
import { en, sv } from "./texts";
import { arrow, beside, compass, said, strength } from "./track";
import type { Track, TrackFix } from "./types";

const now = Date.parse("2026-01-14T13:35:00Z");
const fix = (at: string, more: Partial<TrackFix> = {}): TrackFix => ({ at, lat: 58.3345, lon: 12.6784, accuracy_m: 12, good: true, ...more });
const last = { ...fix("2026-01-14T13:32:00Z", { distance_m: 480 }), age_s: 180 };
const track: Track = { alarm: "a", now: "2026-01-14T13:35:00Z", fixes: [fix("2026-01-14T13:31:00Z", { good: false }), last], last_confirmed: last, speed_mps: 1.1, direction_deg: 3, standing: "outside" };
const unzoned = { ...fix("2026-01-14T13:32:00Z"), age_s: 180 };
const swedish = (of: Track): string => said(of, now, sv, "sv", "Europe/Stockholm");

test("the last confirmed position is said with its clock, its age and the way the person went", () => {
  expect(swedish(track)).toBe("senast bekräftad 14:32, 3 min sedan, gick norrut ca 4 km/h");
  expect(said(track, now, en, "en", "Europe/Stockholm")).toBe("last confirmed 14:32, 3 min ago, walked north at about 4 km/h");
});

test("nothing is said of a way that is not known, and standing still is no direction", () => {
  expect(swedish({ ...track, speed_mps: null, direction_deg: null })).toBe("senast bekräftad 14:32, 3 min sedan");
  expect(swedish({ ...track, speed_mps: 0, direction_deg: null })).toBe("senast bekräftad 14:32, 3 min sedan, stod stilla");
  expect(swedish({ ...track, last_confirmed: null })).toBe("ingen bekräftad position ännu");
});

test("somebody in a bus has not walked", () => {
  expect(swedish({ ...track, speed_mps: 13, direction_deg: 225 })).toContain("färdades åt sydväst ca 45 km/h");
});

test("what the map shows beside the line stands in words too", () => {
  expect(beside(track, sv, "sv", "sv-SE")).toEqual(["480 m utanför området", "2 positioner sedan larmet", "1 position bekräftas inte av de andra"]);
  expect(beside({ ...track, standing: "uncertain" }, sv, "sv", "sv-SE")).toContain("osäkert om personen är inne i eller utanför området");
  expect(beside({ ...track, last_confirmed: unzoned, standing: "inside" }, en, "en", "en-GB")).toContain("believed to be inside the area");
  expect(beside({ ...track, standing: null, fixes: [], last_confirmed: null }, sv, "sv", "sv-SE")).toEqual(["0 positioner sedan larmet"]);
});

test("the zones are named where they are known", () => {
  const zones = { sv: "hemzonen", en: "the home zone" };
  expect(beside({ ...track, standing_zones: zones }, sv, "sv", "sv-SE")[0]).toBe("480 m utanför hemzonen");
  expect(beside({ ...track, standing_zones: zones, last_confirmed: { ...last, distance_m: -60 } }, en, "en", "en-GB")[0]).toBe("inside the home zone, 60 m from its border");
  expect(beside({ ...track, standing_zones: zones, last_confirmed: null }, en, "en", "en-GB")[0]).toBe("believed to be outside the home zone");
});

test("what another device says of another place is told", () => {
  const other = { ...fix("2026-01-14T13:34:00Z", { lat: 58.3617, device: "phone-1" }), age_s: 60 };
  expect(beside({ ...track, seen: last, elsewhere: [other] }, sv, "sv", "sv-SE")[1]).toBe("en annan enhet (phone-1) är 3 km därifrån");
  expect(beside({ ...track, seen: last, elsewhere: [other] }, en, "en", "en-GB")[1]).toBe("another device (phone-1) is 3 km from there");
});

test("the compass goes round", () => {
  expect([0, 22, 23, 180, 337, 338, 359.9].map(compass)).toEqual([0, 0, 1, 4, 7, 0, 0]);
});

test("older positions are fainter but never gone", () => {
  expect(strength(fix("2026-01-14T13:35:00Z"), now)).toBe(1);
  expect(strength(fix("2026-01-14T13:20:00Z"), now)).toBeCloseTo(0.625);
  expect(strength(fix("2026-01-13T13:20:00Z"), now)).toBe(0.25);
});

test("the arrow points where the person went, as far as two minutes lead", () => {
  const drawn = arrow({ ...track, direction_deg: 90 });
  expect(drawn).not.toBeNull();
  expect(distance(drawn!.shaft[0], drawn!.shaft[1])).toBeCloseTo(132, -1);
  expect(drawn!.shaft[1].lon).toBeGreaterThan(drawn!.shaft[0].lon);
  expect(drawn!.barbs[0].lon).toBeLessThan(drawn!.shaft[1].lon);
  expect(arrow({ ...track, direction_deg: null })).toBeNull();
});
