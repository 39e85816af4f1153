/** The live feed: one WebSocket that is opened again for as long as the page wants it, and is known to be dead when it is silent. */
import type { Frame } from "./types";

/** The service sends a pulse every 5 s; two missed ones and a margin mean that nothing comes through any more. */
export const SILENCE_MAX_MS = 12_000;
/** Tries are spaced out to this at most: an operator must not wait long after the network is back. */
export const RETRY_MAX_MS = 8_000;
const RETRY_FIRST_MS = 500;
const TICK_MS = 500;

/** How long to wait before try number `tries` (from 0); `chance` in 0..1 spreads many screens over time. Pure. */
export function retryDelay(tries: number, chance: number): number {
  const full = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(tries, 10));
  return full * (0.75 + 0.25 * chance);
}

export interface LiveEvents {
  address: () => string;
  frame: (frame: Frame) => void;
  opened: () => void;
  /** Whether the list can be trusted has changed. */
  health: (up: boolean) => void;
  /** The socket closed; the owner may find out that the session has ended. */
  closed: () => void;
}

export class Live {
  heardAt: number | null = null;
  retryAt: number | null = null;
  #socket: WebSocket | null = null;
  #tries = 0;
  #up: boolean | null = null;
  #startedAt = 0;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(readonly on: LiveEvents) {}

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(Date.now()), TICK_MS);
    this.#open();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#drop();
    this.#up = null;
    this.#tries = 0;
    this.heardAt = null;
    this.retryAt = null;
  }

  /** Try at once, because the operator or the operating system says that the network may be back. */
  retryNow(): void {
    if (this.#up) return;
    this.#drop();
    this.#open();
  }

  send(message: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #open(): void {
    this.retryAt = null;
    this.#startedAt = Date.now();
    const socket = new WebSocket(this.on.address());
    this.#socket = socket;
    const openedAt = Date.now();
    // Frames of a socket that was given up must not be taken for news.
    const mine = (): boolean => this.#socket === socket;
    socket.onopen = () => mine() && this.on.opened();
    socket.onmessage = (message) => mine() && this.#hear(String(message.data));
    socket.onclose = () => {
      if (!mine()) return;
      this.#lost(openedAt);
      this.on.closed();
    };
  }

  #hear(text: string): void {
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    this.heardAt = Date.now();
    this.#tries = 0;
    this.on.frame(frame);
    this.#say(true);
  }

  #tick(now: number): void {
    if (this.retryAt !== null) {
      if (now >= this.retryAt) this.#open();
      return;
    }
    if (now - Math.max(this.heardAt ?? 0, this.#startedAt) > SILENCE_MAX_MS) {
      this.#drop();
      this.#lost(now);
    }
  }

  #lost(now: number): void {
    this.#socket = null;
    this.#say(false);
    this.retryAt = Math.max(now, Date.now()) + retryDelay(this.#tries++, Math.random());
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #say(up: boolean): void {
    if (this.#up === up) return;
    this.#up = up;
    this.on.health(up);
  }
}
