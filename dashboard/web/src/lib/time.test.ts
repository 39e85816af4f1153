import { expect, test } from "vitest";
import { clock, moment, since, words } from "./time";

test("a clock counts seconds, minutes and hours and is never negative", () => {
  expect([0, 7, 760, 7500, -5].map(clock)).toEqual(["0:00", "0:07", "12:40", "2:05:00", "0:00"]);
});

test("a length of time is said with at most two units", () => {
  expect([45, 60, 7500, 7200, 97_200, 86_400].map((s) => words(s, "sv"))).toEqual(["45 s", "1 min", "2 h 5 min", "2 h", "1 d 3 h", "1 d"]);
});

test("a time that cannot be read counts as no time", () => {
  expect(since("nonsense", Date.now())).toBe(0);
  expect(since("2026-01-14T12:00:00.000Z", Date.parse("2026-01-14T12:01:30.000Z"))).toBe(90);
});

test("a moment is local and says its date only on another day", () => {
  const now = Date.parse("2026-01-14T22:30:00.000Z");
  expect(moment("2026-01-14T20:04:12.000Z", now, "sv", "Europe/Stockholm")).toBe("21:04:12");
  expect(moment("2026-01-13T20:04:12.000Z", now, "sv", "Europe/Stockholm")).toBe("13 jan. 21:04:12");
  // A quarter of an hour before midnight there, but after it by the clock of a wrong zone.
  expect(moment("2026-01-14T22:45:00.000Z", now, "sv", "Europe/Stockholm")).toBe("23:45:00");
});
