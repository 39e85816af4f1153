/** Follows one open alarm's track: fetched now and then while somebody can see it, since every look is logged as one. */
import * as api from "./api";
import type { Track } from "./types";

/** Devices report at best every ten seconds during an alarm. */
const SOON_MS = 10_000;
/** Where nothing has been reported at all, as for most alarms indoors. */
const LATER_MS = 60_000;

export class Following {
  track = $state.raw<Track | null>(null);
  /** The last try failed: what is shown may be old. */
  failed = $state(false);

  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  #waiting = false;

  constructor(readonly id: string) {
    void this.#look();
  }

  /** Somebody looks at the page again: what was put off is done now. */
  seen(): void {
    if (this.#waiting && !this.#stopped) void this.#look();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    this.#waiting = document.visibilityState !== "visible";
    if (this.#waiting) return;
    try {
      const track = await api.track(this.id);
      if (this.#stopped) return;
      this.track = track;
      this.failed = false;
    } catch {
      if (this.#stopped) return;
      this.failed = this.track !== null;
    }
    this.#timer = setTimeout(() => void this.#look(), this.failed || this.track?.fixes.length ? SOON_MS : LATER_MS);
  }
}
