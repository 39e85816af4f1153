/** What the operator does with the chosen alarm: one thing at a time, its failure kept beside the button. */
import * as api from "./api";
import type { Desk } from "./desk.svelte";
import type { Act, Alarm } from "./types";
import { named } from "./wording";

export type Asking = Exclude<Act, "take" | "arrive">;

export class Acts {
  /** What is being saved, and for which alarm. */
  busy = $state.raw<{ id: string; what: Act } | null>(null);
  problem = $state.raw<{ id: string; text: string } | null>(null);
  /** The dialog that is open, and the alarm it is about: it stays about that one whatever the list does. */
  asking = $state.raw<{ alarm: Alarm; what: Asking } | null>(null);

  constructor(readonly desk: Desk) {}

  /** Whether this makes sense now; the service has the last word. */
  can(what: Act, alarm: Alarm): boolean {
    if (alarm.state === "resolved" || this.busy?.id === alarm.id) return false;
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

  async run(alarm: Alarm, what: Act, body: Record<string, string> = {}): Promise<void> {
    this.busy = { id: alarm.id, what };
    this.problem = null;
    try {
      this.desk.answered(await api.act(alarm.id, what, body), this.desk.t.done[what]);
      this.asking = null;
    } catch (problem) {
      await this.#failed(alarm, problem);
    } finally {
      this.busy = null;
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
