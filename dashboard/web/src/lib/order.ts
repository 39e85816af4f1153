/** In what order alarms stand on the screen, and which of them a filter leaves. Pure. */
import type { Alarm, Priority } from "./types";

const RANK: Record<Priority, number> = { critical: 0, high: 1, normal: 2, technical: 3 };

/** Most urgent first; within a priority the one that has waited longest. */
export function byUrgency(a: Alarm, b: Alarm): number {
  return (
    RANK[a.priority] - RANK[b.priority] ||
    Date.parse(a.raised_at) - Date.parse(b.raised_at) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

export interface Lanes {
  waiting: Alarm[];
  taken: Alarm[];
}

/** Alarms nobody has taken, and those somebody has; resolved ones in neither. */
export function lanes(alarms: Iterable<Alarm>): Lanes {
  const sorted = [...alarms].filter((a) => a.state !== "resolved").sort(byUrgency);
  return { waiting: sorted.filter((a) => a.state === "open"), taken: sorted.filter((a) => a.state !== "open") };
}

/** Whether every word of `filter` stands somewhere in `text`; case and accents of case do not matter. */
export function matches(text: string, filter: string): boolean {
  const hay = text.toLocaleLowerCase("sv");
  return filter
    .toLocaleLowerCase("sv")
    .split(/\s+/)
    .every((word) => hay.includes(word));
}

/** The id `step` places from `current` in `ids`; the first when nothing is current, held at both ends. */
export function neighbour(ids: readonly string[], current: string | null, step: 1 | -1): string | null {
  if (ids.length === 0) return null;
  const at = current === null ? -1 : ids.indexOf(current);
  if (at < 0) return (step === 1 ? ids[0] : ids[ids.length - 1]) ?? null;
  return ids[Math.min(Math.max(at + step, 0), ids.length - 1)] ?? null;
}
