import { expect, test } from "vitest";
import { direction, distance, metres } from "./geo";

const home = { lat: 58.3345, lon: 12.6784 };

test("a hundredth of a degree north is 1.1 km to the north", () => {
  const there = { lat: 58.3445, lon: 12.6784 };
  expect(distance(home, there)).toBeCloseTo(1112, 0);
  expect(direction(home, there)).toBe(0);
});

test("directions go clockwise from north", () => {
  expect(direction(home, { lat: 58.3345, lon: 12.7 })).toBe(2);
  expect(direction(home, { lat: 58.32, lon: 12.6784 })).toBe(4);
  expect(direction(home, { lat: 58.3345, lon: 12.65 })).toBe(6);
  expect(direction(home, { lat: 58.3445, lon: 12.66 })).toBe(7);
});

test("metres become kilometres from a thousand on", () => {
  expect(metres(731.4, "sv-SE")).toBe("731 m");
  expect(metres(1440, "sv-SE")).toBe("1,4 km");
});
