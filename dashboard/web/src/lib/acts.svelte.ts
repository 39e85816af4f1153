/** What the operator does: one thing after the other for each alarm, a failure kept beside the button. */
import * as api from "./api";
import type { Desk } from "./desk.svelte";
import type { Act, Alarm } from "./types";
import { named } from "./wording";

export type Asking = Exclude<Act, "take" | "arrive">;

type Saving = { id: string; what: Act };

export class Acts {
  /** What is being saved, and for which alarms: the live line often shows an act before its own answer comes. */
  saving = $state.raw<readonly Saving[]>([]);
  problem = $state.raw<{ id: string; text: string } | null>(null);
  /** The dialog that is open, and the alarm it is about: it stays about that one whatever the list does. */
  asking = $state.raw<{ alarm: Alarm; what: Asking } | null>(null);

  /** The last act of each alarm that is still under way. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(readonly desk: Desk) {}

  isSaving(what: Act, alarm: Alarm): boolean {
    return this.saving.some((one) => one.id === alarm.id && one.what === what);
  }

  /** Whether this makes sense now; the service has the last word. */
  can(what: Act, alarm: Alarm): boolean {
    if (alarm.state === "resolved" || this.isSaving(what, alarm)) return false;
    if (what === "take") return alarm.state === "open";
    if (what === "arrive") return alarm.state !== "arrived";
    return true;
  }

  /** From a button or a key: acts at once, or asks first. */
  start(what: Act): void {
    const alarm = this.desk.current;
    if (!alarm || !this.can(what, alarm)) return;
    this.problem = null;
    if (what === "take" || what === "arrive") void this.run(alarm, what);
    else this.asking = { alarm, what };
  }

  cancel(): void {
    this.asking = null;
    this.problem = null;
  }

  /** Saves it after whatever is still being saved for the same alarm, so that no key pressed meanwhile is lost. */
  async run(alarm: Alarm, what: Act, body: Record<string, string> = {}): Promise<void> {
    const mine: Saving = { id: alarm.id, what };
    this.saving = [...this.saving, mine];
    this.problem = null;
    const turn = (this.#last.get(alarm.id) ?? Promise.resolve()).then(() => this.#save(alarm, what, body));
    this.#last.set(alarm.id, turn);
    await turn;
    this.saving = this.saving.filter((one) => one !== mine);
    if (this.#last.get(alarm.id) === turn) this.#last.delete(alarm.id);
  }

  async #save(alarm: Alarm, what: Act, body: Record<string, string>): Promise<void> {
    try {
      this.desk.answered(await api.act(alarm.id, what, body), this.desk.t.done[what]);
      if (this.asking?.what === what && this.asking.alarm.id === alarm.id) this.asking = null;
    } catch (problem) {
      await this.#failed(alarm, problem);
    }
  }

  async #failed(alarm: Alarm, problem: unknown): Promise<void> {
    const failure = problem instanceof api.Failure ? problem : new api.Failure(-1, "");
    if (failure.status === 409 && this.desk.chosen === alarm.id) {
      // The list was behind; what the service has is fetched, so that the sentence can name who has it.
      await this.desk.refresh(alarm.id);
    }
    const text = this.#text(this.desk.alarms.get(alarm.id) ?? alarm, failure);
    this.problem = { id: alarm.id, text };
    this.desk.say("assertive", text);
  }

  #text(alarm: Alarm, failure: api.Failure): string {
    const t = this.desk.t;
    if (failure.status === 0) return t.failedNetwork;
    if (failure.status === 404) return t.alarmGone;
    if (failure.status === 409 && alarm.taken_by && alarm.taken_by !== this.desk.reader.operator)
      return t.conflictTaken(named(alarm.taken_by, null, this.desk.reader, t, t.you));
    if (failure.detail) return t.conflict(failure.detail);
    return t.failed;
  }
}
