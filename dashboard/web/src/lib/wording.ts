/** Alarms and events as sentences. Pure. */
import type { Texts } from "./texts";
import type { Alarm, AlarmEvent, ChainLink, Language, OutcomeWord } from "./types";

/** Who is looking, and the names that references such as `contact:eva` stand for. */
export interface Reader {
  operator: string;
  names: ReadonlyMap<string, string>;
}

/** The name of a reference. Itself is `you`, which differs between subject ("Du tog") and object ("Taget av dig"). */
export function named(ref: string | null | undefined, given: string | null | undefined, reader: Reader, t: Texts, you: string): string {
  if (ref && ref === reader.operator) return you;
  if (given) return given;
  if (!ref) return t.event.somebody;
  const known = reader.names.get(ref);
  if (known) return known;
  const [kind, ...rest] = ref.split(":");
  const id = rest.join(":");
  return kind === "operator" && id ? t.operator(id) : id || ref;
}

/** Names that an alarm and its chain give to references. */
export function namesOf(alarm: Alarm, chain: readonly ChainLink[] = []): Map<string, string> {
  const found = new Map<string, string>();
  for (const link of chain) for (const r of link.tell) if (r.name) found.set(r.to, r.name);
  for (const told of alarm.told ?? []) if (told.name) found.set(told.to, told.name);
  // An operator is called operator in front of the name; everybody else by name alone.
  if (alarm.taken_by && alarm.taken_by_name && !alarm.taken_by.startsWith("operator:")) found.set(alarm.taken_by, alarm.taken_by_name);
  return found;
}

/** The person's name, else id, else that nobody is known (an unregistered device). */
export function person(alarm: Alarm, t: Texts): string {
  return alarm.resident_name || alarm.resident || t.unknownPerson;
}

/** What happened, as one plain sentence without a full stop: by the cause, or by what was found where that says more. */
export function happening(cause: string, t: Texts, why?: string | null): string {
  const found = (why ?? "").split(" ").find((word) => t.found[word]);
  return (found && t.found[found]) ?? t.cause[cause] ?? t.causeOther(cause);
}

/** What stands behind a `why` beyond what the cause says already: `again`, `set_aside:lat`. */
export function qualifiers(why: string | null | undefined, t: Texts): string[] {
  return (why ?? "")
    .split(" ")
    .filter((word) => word === "again" || word === "reset_clock" || word === "outing_over" || word.startsWith("set_aside"))
    .map((word) => reason(word, t));
}

function reason(word: string, t: Texts): string {
  const [name, ...rest] = word.split(":");
  if (name === "set_aside" && rest.length) return t.setAside(rest.join(":"));
  const said = t.reason[name ?? word];
  return said ? (rest.length ? `${said} (${rest.join(":")})` : said) : word;
}

/** Where the curve is shown by which this alarm was raised; null where its limit was not learned from the person's own past. */
export function curvePage(alarm: Alarm, language: Language): string | null {
  if (!alarm.resident || !alarm.facts?.lasting) return null;
  const asked = new URLSearchParams({ lang: language, tenant: alarm.tenant }).toString();
  return `/residents/${encodeURIComponent(alarm.resident)}/usual?${asked}#curve-${encodeURIComponent(alarm.rule)}-${alarm.facts.lasting === "still" ? "still" : "up"}`;
}

/** Who has the alarm, or what its state is. */
export function holder(alarm: Alarm, reader: Reader, t: Texts): string {
  if (alarm.state === "open" || alarm.state === "resolved" || !alarm.taken_by) return t.state[alarm.state];
  const who = named(alarm.taken_by, null, reader, t, t.you);
  return alarm.state === "arrived" ? t.arrivedBy(named(alarm.taken_by, null, reader, t, t.youSubject.toLowerCase())) : t.takenBy(who);
}

/** How many times it has been raised in all: once, and its repeats. */
export function times(alarm: Alarm): number {
  return 1 + (alarm.repeats ?? 0);
}

/** An outcome's word. */
export function outcomeName(outcome: string | null | undefined, t: Texts): string | null {
  if (!outcome) return null;
  return t.outcomes[outcome as OutcomeWord] ?? outcome;
}

function withReason(sentence: string, why: string | null | undefined, t: Texts): string {
  const said = (why ?? "")
    .split(" ")
    .filter(Boolean)
    .map((word) => reason(word, t));
  return said.length ? `${sentence}: ${said.join(", ")}` : sentence;
}

function skippedName(event: AlarmEvent, reader: Reader, t: Texts): string {
  if (event.to || event.to_name) return named(event.to, event.to_name, reader, t, t.youSubject);
  return event.link === null || event.link === undefined ? t.event.somebody : t.event.link(event.link + 1);
}

/** One line of the timeline. Free text (a note, a comment) is not in it: it is shown apart, as what somebody wrote. */
export function sentence(event: AlarmEvent, alarm: Alarm, reader: Reader, t: Texts): string {
  const who = named(event.to, event.to_name, reader, t, t.youSubject);
  const channel = event.channel ? (t.channel[event.channel] ?? event.channel) : null;
  const via = event.via ? (t.via[event.via] ?? "") : "";
  const by = (said: string): string => (via ? `${said} ${via}` : said);
  const says: Record<string, () => string> = {
    "alarm.raised": () => [t.event.raised(happening(alarm.cause, t, event.why)), ...qualifiers(event.why, t)].join(", "),
    "alarm.repeated": () => (alarm.cause === "button" ? t.event.repeatedPress : t.event.repeated(happening(alarm.cause, t, event.why))),
    "alarm.condition_ended": () => withReason(t.event.conditionEnded, event.why, t),
    "alarm.told": () => (event.why === "last_link_repeats" ? withReason(t.event.told(who, channel), event.why, t) : t.event.told(who, channel)),
    "alarm.telling_failed": () => t.event.tellingFailed(who, channel),
    "alarm.taken": () => by(t.event.taken(who)),
    "alarm.declined": () => by(t.event.declined(who)),
    "alarm.arrived": () => by(t.event.arrived(who)),
    "alarm.noted": () => t.event.noted(who),
    "alarm.resolved": () => by(t.event.resolved(who, outcomeName(event.outcome, t))),
    "alarm.reopened": () => withReason(t.event.reopened, event.why, t),
    "alarm.escalated": () => (event.to || event.to_name ? t.event.escalated(who) : withReason(t.event.escalated(null), event.why, t)),
    "alarm.outing_begun": () => by(t.event.outingBegun(who, event.with_name ?? event.with ?? "")),
    "alarm.outing_ended": () => by(t.event.outingEnded(who)),
    "alarm.outing_lapsed": () => t.event.outingLapsed,
    "chain.skipped": () => withReason(t.event.skipped(skippedName(event, reader, t)), event.why, t),
  };
  return says[event.event]?.() ?? event.event;
}

export type Turn = "told" | "skipped" | "failed";

const TURNS: Record<string, Turn> = { "alarm.told": "told", "chain.skipped": "skipped", "alarm.telling_failed": "failed" };

/** What became of each link so far, by its number; the last word counts, but one recipient who was reached outweighs others who were not. */
export function turns(timeline: readonly AlarmEvent[]): Map<number, Turn> {
  const found = new Map<number, Turn>();
  for (const event of timeline) {
    const turn = TURNS[event.event];
    if (!turn || event.link === null || event.link === undefined) continue;
    if (turn !== "failed" || found.get(event.link) !== "told") found.set(event.link, turn);
  }
  return found;
}

/** Names of everybody in a link, joined. */
export function linkNames(link: ChainLink, reader: Reader, t: Texts): string {
  return link.tell.map((r) => named(r.to, r.name, reader, t, t.youSubject)).join(", ");
}

/** Everything of an alarm that a filter looks through. */
export function searchable(alarm: Alarm, reader: Reader, t: Texts): string {
  return [person(alarm, t), alarm.resident, alarm.address, happening(alarm.cause, t, alarm.why), t.priority[alarm.priority], holder(alarm, reader, t), alarm.id]
    .filter(Boolean)
    .join(" ");
}
