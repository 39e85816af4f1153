/** Requests to the service. Every failure is a `Failure` that says what kind it was. */
import type { FeatureCollection } from "geojson";
import type { Act, Alarm, AlarmDetail, Outing, Session, Track } from "./types";

/** A request is given up after this long: an operator must learn quickly that nothing happened. */
const PATIENCE_MS = 10_000;

/** `status` 0 means that no answer came. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly retryAfterS: number | null = null,
  ) {
    super(detail || `HTTP ${status}`);
  }
}

// Relative to where the page lies, so that a proxy may put everything below a path.
const address = (path: string): URL => new URL(`api/v1/${path}`, document.baseURI);

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let answer: Response;
  try {
    answer = await fetch(address(path), init);
  } catch {
    throw new Failure(0, "");
  }
  if (!answer.ok) throw await failure(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function failure(answer: Response): Promise<Failure> {
  const wait = Number(answer.headers.get("Retry-After") ?? Number.NaN);
  let detail = "";
  try {
    const problem: unknown = await answer.json();
    if (problem && typeof problem === "object") {
      const said = problem as { detail?: unknown; title?: unknown };
      detail = String(said.detail ?? said.title ?? "");
    }
  } catch {
    // A proxy in between may answer with a page; the status alone has to do.
  }
  return new Failure(answer.status, detail, Number.isFinite(wait) ? wait : null);
}

export const session = (): Promise<Session> => ask("GET", "session");
export const signIn = (token: string): Promise<Session> => ask("POST", "session", { token });
export const signOut = (): Promise<void> => ask("DELETE", "session");
export const alarm = (id: string): Promise<AlarmDetail> => ask("GET", `alarms/${encodeURIComponent(id)}`);
export const track = (id: string): Promise<Track> => ask("GET", `alarms/${encodeURIComponent(id)}/track`);
export const borders = (): Promise<FeatureCollection> => ask("GET", "map/borders");
const outingOf = (alarm: Alarm): string => `residents/${encodeURIComponent(alarm.resident ?? "")}/outing?tenant=${encodeURIComponent(alarm.tenant)}`;
export const outing = (alarm: Alarm): Promise<Outing> => ask("GET", outingOf(alarm));
export const beginOuting = (alarm: Alarm, until: string, company: string): Promise<Outing> => ask("POST", outingOf(alarm), { until, with: company });
export const endOuting = (alarm: Alarm): Promise<Outing> => ask("DELETE", outingOf(alarm));
export const act = (id: string, what: Act, body: Record<string, string> = {}): Promise<Alarm> =>
  ask("POST", `alarms/${encodeURIComponent(id)}/${what}`, body);

/** Where the live feed is heard; `since` lets the service send only what came after it. */
export function liveAddress(since: number | null): string {
  const url = address("live");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (since !== null) url.searchParams.set("since", String(since));
  return url.href;
}
