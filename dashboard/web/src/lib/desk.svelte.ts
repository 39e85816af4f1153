/** Everything the operator's screen knows: who is signed in, the alarms, the line, the choice. */
import * as api from "./api";
import { Live } from "./live";
import { lanes, matches, neighbour } from "./order";
import { chime, keepMuted, readMuted, REMIND_MS, unlock } from "./sound";
import { TEXTS, type Texts } from "./texts";
import type { Alarm, AlarmDetail, AlarmEvent, Frame, Language, Session } from "./types";
import { happening, namesOf, person, searchable, type Reader } from "./wording";

const LANGUAGE_KEY = "alarmcore.language";
/** While an operator steps through the list nothing is fetched: every look at a position is logged as one. */
const SETTLE_MS = 200;
/** Names learnt from alarms, kept for sentences about other alarms; an alarm centre's people are far fewer. */
const NAMES_MAX = 5_000;
/** Events after which the waiting alarm must be looked at anew. */
const ROUSING = new Set(["alarm.reopened", "alarm.escalated", "alarm.repeated"]);

type Change = { alarm: Alarm; event: AlarmEvent | undefined; seq: number };

export type Phase = "starting" | "signed_out" | "unreachable" | "ready";

export class Desk {
  phase = $state<Phase>("starting");
  session = $state.raw<Session | null>(null);
  language = $state<Language>("sv");
  alarms = $state.raw<ReadonlyMap<string, Alarm>>(new Map());
  names = $state.raw<ReadonlyMap<string, string>>(new Map());
  loaded = $state(false);
  filter = $state("");
  chosen = $state<string | null>(null);
  detail = $state.raw<AlarmDetail | null>(null);
  detailFailed = $state<number | null>(null);
  up = $state<boolean | null>(null);
  heardAt = $state<number | null>(null);
  retryAt = $state<number | null>(null);
  /** The service's clock, ticking once a second: a wrong clock in the operator's computer must not change waiting times. */
  now = $state(Date.now());
  muted = $state(readMuted());
  soundAllowed = $state(false);
  polite = $state("");
  assertive = $state("");
  wasSignedOut = $state(false);

  readonly t: Texts = $derived(TEXTS[this.language]);
  readonly zone: string = $derived(this.session?.tenant.timezone ?? "Europe/Stockholm");
  readonly reader: Reader = $derived({ operator: this.session?.operator ?? "", names: this.names });
  readonly all = $derived(lanes(this.alarms.values()));
  readonly lanes = $derived(this.filter.trim() ? lanes([...this.alarms.values()].filter((a) => this.#fits(a))) : this.all);
  readonly order = $derived([...this.lanes.waiting, ...this.lanes.taken].map((a) => a.id));
  readonly current: Alarm | null = $derived(this.chosen === null ? null : (this.alarms.get(this.chosen) ?? (this.detail?.id === this.chosen ? this.detail : null)));

  #seq: number | null = null;
  #skew = 0;
  #live: Live;
  #shown = new Set<string>();
  /** For each fetch of an alarm that is under way, what is heard meanwhile: the answer may be older than that. */
  readonly #asked = new Set<Change[]>();
  #settle: ReturnType<typeof setTimeout> | undefined;
  #remindedAt = 0;

  constructor() {
    const kept = localStorage.getItem(LANGUAGE_KEY);
    if (kept === "sv" || kept === "en") this.language = kept;
    this.#live = new Live({
      address: () => api.liveAddress(this.#seq),
      frame: (frame) => this.#hear(frame),
      opened: () => this.#shown.clear(),
      health: (up) => this.#health(up),
      closed: () => void this.#stillSignedIn(),
    });
    setInterval(() => this.#tick(), 1000);
  }

  async begin(): Promise<void> {
    try {
      this.#enter(await api.session());
    } catch (problem) {
      this.phase = problem instanceof api.Failure && problem.status === 401 ? "signed_out" : "unreachable";
    }
  }

  async signIn(secret: string): Promise<void> {
    this.#enter(await api.signIn(secret));
  }

  async signOut(): Promise<void> {
    try {
      await api.signOut();
    } finally {
      this.#leave(false);
    }
  }

  setLanguage(language: Language): void {
    this.language = language;
    localStorage.setItem(LANGUAGE_KEY, language);
  }

  async toggleSound(): Promise<void> {
    const allowed = await unlock();
    // A blocked sound looks off; the first click only lets it through.
    this.muted = this.soundAllowed ? !this.muted : false;
    this.soundAllowed = allowed;
    keepMuted(this.muted);
  }

  async touched(): Promise<void> {
    if (!this.soundAllowed) this.soundAllowed = await unlock();
  }

  retryNow(): void {
    this.#live.retryNow();
    this.retryAt = this.#live.retryAt;
  }

  choose(id: string | null): void {
    if (id === this.chosen) return;
    this.chosen = id;
    this.detail = null;
    this.detailFailed = null;
    clearTimeout(this.#settle);
    if (id !== null) this.#settle = setTimeout(() => void this.load(), SETTLE_MS);
  }

  move(step: 1 | -1): string | null {
    const id = neighbour(this.order, this.chosen, step);
    if (id !== null) this.choose(id);
    return id;
  }

  async load(): Promise<void> {
    const id = this.chosen;
    if (id === null) return;
    const meanwhile: Change[] = [];
    this.#asked.add(meanwhile);
    try {
      const detail = await api.alarm(id);
      if (this.chosen !== id) return;
      this.detail = detail;
      this.detailFailed = null;
      for (const change of meanwhile) this.#unfold(change);
      this.#learn(namesOf(detail, detail.chain ?? []));
    } catch (problem) {
      if (this.chosen !== id) return;
      this.detailFailed = problem instanceof api.Failure ? problem.status : 0;
    } finally {
      this.#asked.delete(meanwhile);
    }
  }

  /** Fetch the alarm and let the list know it too, when the list turned out to be behind. */
  async refresh(id: string): Promise<void> {
    if (this.chosen !== id) return;
    await this.load();
    const found = this.detail?.id === id ? this.alarms.get(id) && this.detail : null;
    if (found) this.#put(found);
  }

  /** Let a screen reader say it; the same words twice in a row must differ, or the second time is silent. */
  say(how: "polite" | "assertive", text: string): void {
    this[how] = this[how] === text ? `${text}\u00a0` : text;
  }

  /** What an action answered is as good as a change from the feed, and often here first. */
  answered(alarm: Alarm, said: string): void {
    this.#put(alarm);
    this.say("polite", said);
  }

  /** Alarms that are on the glass now, in a document that is visible. */
  painted(ids: readonly string[]): void {
    const fresh = ids.filter((id) => !this.#shown.has(id));
    if (fresh.length && this.#live.send({ type: "shown", alarms: fresh })) fresh.forEach((id) => this.#shown.add(id));
  }

  #enter(session: Session): void {
    this.session = session;
    if (localStorage.getItem(LANGUAGE_KEY) === null) this.language = session.tenant.language ?? "sv";
    this.phase = "ready";
    this.wasSignedOut = false;
    this.#live.start();
  }

  #leave(thrownOut: boolean): void {
    this.#live.stop();
    this.choose(null);
    this.alarms = new Map();
    this.names = new Map();
    this.session = null;
    this.loaded = false;
    this.up = null;
    this.filter = "";
    // A screen reader's last sentences hold names, too.
    this.polite = "";
    this.assertive = "";
    this.#seq = null;
    this.wasSignedOut = thrownOut;
    this.phase = "signed_out";
  }

  async #stillSignedIn(): Promise<void> {
    this.retryAt = this.#live.retryAt;
    try {
      await api.session();
    } catch (problem) {
      if (problem instanceof api.Failure && problem.status === 401 && this.phase === "ready") this.#leave(true);
    }
  }

  #fits(alarm: Alarm): boolean {
    return matches(searchable(alarm, this.reader, this.t), this.filter.trim());
  }

  #hear(frame: Frame): void {
    this.heardAt = this.#live.heardAt;
    if (frame.type === "pulse") {
      const at = Date.parse(frame.at ?? "");
      if (!Number.isNaN(at)) this.#skew = at - Date.now();
    } else if (frame.type === "snapshot") {
      this.#snapshot(frame.alarms, frame.seq);
    } else if (frame.type === "change") {
      this.#change(frame.alarm, frame.event, frame.seq);
    }
  }

  #snapshot(alarms: Alarm[], seq: number): void {
    const before = this.alarms;
    this.#seq = seq;
    this.alarms = new Map(alarms.map((a) => [a.id, a]));
    for (const a of alarms) this.#learn(namesOf(a));
    const news = this.loaded ? alarms.filter((a) => a.state === "open" && !before.has(a.id)) : [];
    if (!this.loaded && alarms.some((a) => a.state === "open" && a.priority === "critical")) this.#ring();
    this.loaded = true;
    this.#announce(news);
    if (this.chosen !== null) void this.load();
  }

  #change(alarm: Alarm, event: AlarmEvent | undefined, seq: number): void {
    if (this.#seq !== null && seq <= this.#seq) return;
    this.#seq = seq;
    const before = this.alarms.get(alarm.id);
    this.#put(alarm);
    const change: Change = { alarm, event, seq };
    for (const meanwhile of this.#asked) meanwhile.push(change);
    this.#unfold(change);
    if (alarm.state !== "open") return;
    if (!before) this.#announce([alarm]);
    else if (event && ROUSING.has(event.event)) this.#rouse(alarm, event);
  }

  #rouse(alarm: Alarm, event: AlarmEvent): void {
    this.#shown.delete(alarm.id);
    if (event.event !== "alarm.repeated") this.say("polite", this.t.announceReopened(person(alarm, this.t)));
    if (alarm.priority === "critical") this.#ring();
  }

  #put(alarm: Alarm): void {
    const next = new Map(this.alarms);
    if (alarm.state === "resolved") next.delete(alarm.id);
    else next.set(alarm.id, alarm);
    this.alarms = next;
    this.#learn(namesOf(alarm));
    if (this.detail?.id === alarm.id) this.detail = { ...this.detail, ...alarm };
  }

  /** Let the open alarm's page know of a change, unless what was fetched holds it already. */
  #unfold({ alarm, event, seq }: Change): void {
    const detail = this.detail;
    const mark = event?.seq ?? seq;
    if (!event || detail?.id !== alarm.id || detail.timeline.some((e) => e.seq === mark)) return;
    this.detail = { ...detail, ...alarm, timeline: [...detail.timeline, { ...event, seq: mark }] };
  }

  #learn(found: ReadonlyMap<string, string>): void {
    if ([...found].every(([ref, name]) => this.names.get(ref) === name)) return;
    const known = this.names.size > NAMES_MAX ? [] : this.names;
    this.names = new Map([...known, ...found]);
  }

  #announce(news: readonly Alarm[]): void {
    const first = news[0];
    if (!first) return;
    const said =
      news.length > 1
        ? this.t.announceMany(news.length)
        : this.t.announce(this.t.priority[first.priority], person(first, this.t), happening(first.cause, this.t, first.why));
    if (news.some((a) => a.priority === "critical")) {
      this.say("assertive", said);
      this.#ring();
    } else {
      this.say("polite", said);
    }
  }

  #ring(): void {
    this.#remindedAt = Date.now();
    if (!this.muted) chime();
  }

  #tick(): void {
    this.now = Date.now() + this.#skew;
    this.heardAt = this.#live.heardAt;
    this.retryAt = this.#live.retryAt;
    const urgent = this.all.waiting[0]?.priority === "critical";
    if (urgent && Date.now() - this.#remindedAt > REMIND_MS) this.#ring();
  }

  #health(up: boolean): void {
    if (up && this.up === false) this.say("polite", this.t.restored);
    this.up = up;
    this.retryAt = this.#live.retryAt;
  }
}
