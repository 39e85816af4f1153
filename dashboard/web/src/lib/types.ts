/** What the service sends: alarms, events, sessions. Absent fields are left out. */
import type { FeatureCollection } from "geojson";

export type Priority = "critical" | "high" | "normal" | "technical";
export type State = "open" | "taken" | "arrived" | "resolved";
export type Language = "sv" | "en";

export const OUTCOMES = ["helped", "no_need", "false_alarm", "test", "moved_to_112", "technical", "other"] as const;
export type OutcomeWord = (typeof OUTCOMES)[number];

export interface Position {
  lat: number;
  lon: number;
  accuracy_m?: number | null;
  at?: string | null;
}

/** A position of a track. `good`: others of its device agree with it. */
export interface TrackFix extends Position {
  at: string;
  good: boolean;
  device?: string;
  distance_m?: number;
}

/** Where the person has been while the alarm is open. */
export interface Track {
  alarm: string;
  now: string;
  fixes: TrackFix[];
  last_confirmed?: (TrackFix & { age_s: number }) | null;
  /** Where to go by what is known now; the last confirmed position, once there is one. */
  seen?: (TrackFix & { age_s: number }) | null;
  /** What other devices say that cannot be where `seen` is. */
  elsewhere?: (TrackFix & { age_s: number })[];
  speed_mps?: number | null;
  direction_deg?: number | null;
  standing?: string | null;
  /** The zones that `standing` is about, as running text names them. */
  standing_zones?: Reason | null;
}

/** What an alarm rests on, as far as the page asks: with `lasting` its limit was learned, of being up at night, of not having gone to bed, or of being still. */
export interface Facts {
  for_s?: number;
  lasting?: "up" | "late" | "still" | null;
}

/** A finding about zones in numbers, as a sentence in each language. */
export type Reason = Record<Language, string>;

export interface Told {
  to: string;
  name?: string | null;
  channel?: string | null;
  at: string;
}

export interface Alarm {
  id: string;
  tenant: string;
  resident?: string | null;
  rule: string;
  cause: string;
  priority: Priority;
  state: State;
  raised_at: string;
  taken_by?: string | null;
  taken_by_name?: string | null;
  position?: Position | null;
  why?: string | null;
  late_s?: number | null;
  facts?: Facts | null;
  reason?: Reason | null;
  resident_name?: string | null;
  address?: string | null;
  taken_at?: string | null;
  repeats?: number | null;
  last_repeat_at?: string | null;
  ended_at?: string | null;
  follow_up_at?: string | null;
  next_step_at?: string | null;
  outcome?: string | null;
  resolved_at?: string | null;
  told?: Told[] | null;
}

export interface AlarmEvent {
  seq?: number;
  at: string;
  event: string;
  alarm?: string;
  link?: number | null;
  to?: string | null;
  to_name?: string | null;
  channel?: string | null;
  why?: string | null;
  late_s?: number | null;
  reason?: Reason | null;
  text?: string | null;
  outcome?: string | null;
  via?: string | null;
  /** Of an outing: whom the person is out with. */
  with?: string | null;
  with_name?: string | null;
}

export interface Recipient {
  to: string;
  name?: string | null;
}

export interface ChainLink {
  link: number;
  tell: Recipient[];
  wait_s: number;
}

export interface Home {
  lat: number;
  lon: number;
  address?: string | null;
}

export interface AlarmDetail extends Alarm {
  timeline: AlarmEvent[];
  zones?: FeatureCollection | null;
  home?: Home | null;
  chain?: ChainLink[] | null;
  responsible?: { reception?: Recipient | null; search?: Recipient | null } | null;
}

/** Somebody's latest outing. `none`: there has never been one. */
export interface Outing {
  state: "none" | "out" | "ended" | "lapsed";
  with?: string;
  with_name?: string | null;
  until?: string;
  ended_at?: string | null;
  ended_by_name?: string | null;
}

export interface Session {
  operator: string;
  name: string;
  tenant: { id: string; name: string; language?: Language; timezone?: string };
  open?: boolean;
}

export type Frame =
  | { type: "snapshot"; seq: number; alarms: Alarm[] }
  | { type: "change"; seq: number; alarm: Alarm; event?: AlarmEvent }
  | { type: "pulse"; at?: string };

export type Act = "take" | "arrive" | "note" | "escalate" | "decline" | "resolve";
