import { expect, test } from "vitest";
import { lanes, matches, neighbour } from "./order";
import type { Alarm, Priority, State } from "./types";

const alarm = (id: string, priority: Priority, raised_at: string, state: State = "open"): Alarm => ({ id, tenant: "t", rule: "r", cause: "button", priority, state, raised_at });

test("the most urgent stands first and then the longest waiting", () => {
  const given = [
    alarm("late", "critical", "2026-01-14T12:05:00.000Z"),
    alarm("technical", "technical", "2026-01-14T08:00:00.000Z"),
    alarm("early", "critical", "2026-01-14T12:00:00.000Z"),
    alarm("high", "high", "2026-01-14T09:00:00.000Z"),
  ];
  expect(lanes(given).waiting.map((a) => a.id)).toEqual(["early", "late", "high", "technical"]);
});

test("taken alarms stand apart and resolved ones nowhere", () => {
  const at = "2026-01-14T12:00:00.000Z";
  const found = lanes([alarm("a", "high", at, "taken"), alarm("b", "high", at, "arrived"), alarm("c", "high", at, "resolved"), alarm("d", "high", at)]);
  expect(found.taken.map((a) => a.id)).toEqual(["a", "b"]);
  expect(found.waiting.map((a) => a.id)).toEqual(["d"]);
});

test("alarms of the same moment keep one order", () => {
  const at = "2026-01-14T12:00:00.000Z";
  const given = [alarm("b", "high", at), alarm("a", "high", at)];
  expect(lanes(given).waiting.map((a) => a.id)).toEqual(lanes([...given].reverse()).waiting.map((a) => a.id));
});

test("a filter wants every word, wherever it stands", () => {
  expect(matches("Sven-Åke Johansson Storgatan 1", "stor åke")).toBe(true);
  expect(matches("Sven-Åke Johansson Storgatan 1", "stor eva")).toBe(false);
});

test("moving stops at both ends and starts at the first", () => {
  expect(neighbour(["a", "b"], null, 1)).toBe("a");
  expect(neighbour(["a", "b"], "a", 1)).toBe("b");
  expect(neighbour(["a", "b"], "b", 1)).toBe("b");
  expect(neighbour(["a", "b"], "a", -1)).toBe("a");
  expect(neighbour(["a", "b"], "gone", 1)).toBe("a");
  expect(neighbour([], null, 1)).toBeNull();
});
