import { expect, test } from "vitest";
import { en, sv } from "./texts";
import { OUTCOMES, type Alarm, type AlarmEvent } from "./types";
import { curvePage, happening, holder, namesOf, outcomeName, person, qualifiers, sentence, times, turns, type Reader } from "./wording";

const reader: Reader = { operator: "operator:anna", names: new Map([["contact:eva", "Eva Andersson"]]) };
const alarm: Alarm = { id: "a", tenant: "t", resident: "r1", rule: "press", cause: "button", priority: "critical", state: "open", raised_at: "2026-01-14T20:04:12.000Z" };
const said = (event: Partial<AlarmEvent> & { event: string }): string => sentence({ at: alarm.raised_at, ...event }, alarm, reader, sv);

test("events read as plain Swedish", () => {
  expect(said({ event: "alarm.told", to: "contact:eva", channel: "sms" })).toBe("Eva Andersson fick SMS");
  expect(said({ event: "chain.skipped", to: "unit:night-patrol", to_name: "Nattpatrullen", why: "nobody_on_duty" })).toBe("Nattpatrullen hoppades över: ingen i tjänst");
  expect(said({ event: "chain.skipped", link: 1, why: "nobody_on_duty" })).toBe("Steg 2 hoppades över: ingen i tjänst");
  expect(said({ event: "alarm.taken", to: "operator:anna" })).toBe("Du tog larmet");
  expect(said({ event: "alarm.taken", to: "contact:eva", via: "sms" })).toBe("Eva Andersson tog larmet via SMS");
  expect(said({ event: "alarm.reopened", why: "follow_up_lapsed" })).toBe("Larmet öppnades igen: inte avslutat i tid");
  expect(said({ event: "alarm.resolved", to: "operator:bo", outcome: "moved_to_112" })).toBe("operatör bo avslutade larmet: Överlämnat till 112");
});

test("what the page does not know is said as it came rather than hidden", () => {
  expect(said({ event: "alarm.something_new" })).toBe("alarm.something_new");
  expect(happening("smoke", sv)).toBe("Larm (smoke)");
  expect(said({ event: "alarm.condition_ended", why: "new_word" })).toBe("Tillståndet upphörde: new_word");
});

test("what was found is said rather than the cause of its rule, where that is not the same", () => {
  expect(happening("zone_exit", sv, "outside_all_zones")).toBe("Är utanför sina trygga områden");
  expect(happening("zone_exit", sv, "outing_over position_lost")).toBe("Vi vet inte var personen är");
  expect(happening("zone_exit", en, "position_lost again")).toBe("We do not know where the person is");
  const lost = sentence({ at: alarm.raised_at, event: "alarm.repeated", why: "position_lost" }, { ...alarm, cause: "zone_exit" }, reader, sv);
  expect(lost.toLowerCase()).toContain("vi vet inte var personen är");
});

test("a why with a detail keeps the detail", () => {
  expect(qualifiers("pressed again set_aside:lat", sv)).toEqual(["fortfarande så, efter att ett tidigare larm avslutats", "uppgiften lat gick inte att använda"]);
});

test("an alarm by a learned limit leads to the very curve, and no other alarm does", () => {
  const up: Alarm = { ...alarm, rule: "night", cause: "out_of_bed", facts: { lasting: "up" } };
  expect(curvePage(up, "sv")).toBe("/residents/r1/usual?lang=sv&tenant=t#curve-night-up");
  expect(curvePage({ ...up, rule: "calm", cause: "inactivity", facts: { lasting: "still" } }, "en")).toBe("/residents/r1/usual?lang=en&tenant=t#curve-calm-still");
  expect(curvePage({ ...up, facts: { lasting: "late" } }, "sv")).toBe("/residents/r1/usual?lang=sv&tenant=t#curve-night-up");
  expect(curvePage({ ...up, facts: { for_s: 1800 } }, "sv")).toBeNull();
  expect(curvePage({ ...up, facts: null }, "sv")).toBeNull();
  expect(curvePage({ ...up, resident: null }, "sv")).toBeNull();
  expect(curvePage(alarm, "sv")).toBeNull();
});

test("a person without a name is the id, and without either unknown", () => {
  expect(person(alarm, sv)).toBe("r1");
  expect(person({ ...alarm, resident_name: "Karin Svensson" }, sv)).toBe("Karin Svensson");
  expect(person({ ...alarm, resident: null }, sv)).toBe("Okänd person");
});

test("who has an alarm is said by name, and oneself as you", () => {
  expect(holder(alarm, reader, sv)).toBe("Ingen har tagit");
  expect(holder({ ...alarm, state: "taken", taken_by: "contact:eva" }, reader, sv)).toBe("Taget av Eva Andersson");
  expect(holder({ ...alarm, state: "taken", taken_by: "operator:anna" }, reader, sv)).toBe("Taget av dig");
  expect(holder({ ...alarm, state: "arrived", taken_by: "operator:anna" }, reader, en)).toBe("On site: you");
});

test("the first press counts too", () => {
  expect(times({ ...alarm, repeats: 2 })).toBe(3);
  expect(times(alarm)).toBe(1);
});

test("a link that was skipped is not a link that was told", () => {
  const at = alarm.raised_at;
  const found = turns([
    { at, event: "alarm.told", link: 0 },
    { at, event: "alarm.telling_failed", link: 0 },
    { at, event: "chain.skipped", link: 1 },
  ]);
  expect([...found]).toEqual([
    [0, "told"],
    [1, "skipped"],
  ]);
});

test("every outcome has a word in both languages", () => {
  for (const outcome of OUTCOMES) for (const t of [sv, en]) expect(outcomeName(outcome, t)).not.toBe(outcome);
});

test("who took an alarm is learnt from it, but an operator keeps the title", () => {
  expect([...namesOf({ ...alarm, taken_by: "unit:night", taken_by_name: "Nattpatrullen" })]).toEqual([["unit:night", "Nattpatrullen"]]);
  expect(namesOf({ ...alarm, taken_by: "operator:bo", taken_by_name: "bo" }).size).toBe(0);
});
