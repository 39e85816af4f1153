/** Moments and lengths of time as an operator reads them. Pure: `now` is always given. */
import type { Language } from "./types";

const UNITS = { sv: { d: "d", h: "h", min: "min", s: "s" }, en: { d: "d", h: "h", min: "min", s: "s" } } as const;

/** A ticking clock: `0:07`, `12:40`, `2:05:00`. Never negative. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

/** A length of time in words with at most two units: `45 s`, `3 min`, `2 h 5 min`, `1 d 3 h`. */
export function words(seconds: number, language: Language): string {
  const u = UNITS[language];
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} ${u.s}`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} ${u.min}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} ${u.h} ${minutes % 60} ${u.min}` : `${hours} ${u.h}`;
  return hours % 24 ? `${Math.floor(hours / 24)} ${u.d} ${hours % 24} ${u.h}` : `${Math.floor(hours / 24)} ${u.d}`;
}

/** Seconds from `at` until `now`; below zero when `at` is still to come, 0 when it cannot be read. */
export function since(at: string, now: number): number {
  const then = Date.parse(at);
  return Number.isNaN(then) ? 0 : (now - then) / 1000;
}

/** `21:04:12`, with the date in front when it is another day than `now` in that zone. */
export function moment(at: string, now: number, language: Language, timeZone: string): string {
  const then = Date.parse(at);
  if (Number.isNaN(then)) return at;
  const locale = language === "sv" ? "sv-SE" : "en-GB";
  const time = new Intl.DateTimeFormat(locale, { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(then);
  const day = new Intl.DateTimeFormat(locale, { timeZone, day: "numeric", month: "short" });
  const date = day.format(then);
  return date === day.format(now) ? time : `${date} ${time}`;
}

/** `21:04`, with the date in front when it is another day than `now` in that zone. */
export function minute(at: string, now: number, language: Language, timeZone: string): string {
  return moment(at, now, language, timeZone).replace(/:\d\d$/, "");
}
