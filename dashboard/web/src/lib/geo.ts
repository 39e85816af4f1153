/** How far and in which direction, on a sphere: good to half a per cent, which is all a searcher needs. Pure. */
export interface Point {
  lat: number;
  lon: number;
}

const RADIUS_M = 6_371_000;
const rad = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance in metres (haversine formula). */
export function distance(a: Point, b: Point): number {
  const h =
    Math.sin(rad(b.lat - a.lat) / 2) ** 2 +
    Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.sin(rad(b.lon - a.lon) / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Which of eight compass directions (0 = north, clockwise) `b` lies in as seen from `a`. */
export function direction(a: Point, b: Point): number {
  const y = Math.sin(rad(b.lon - a.lon)) * Math.cos(rad(b.lat));
  const x =
    Math.cos(rad(a.lat)) * Math.sin(rad(b.lat)) - Math.sin(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.cos(rad(b.lon - a.lon));
  return ((Math.round((Math.atan2(y, x) * 180) / Math.PI / 45) % 8) + 8) % 8;
}

/** `85 m`, `1,4 km`: metres below a thousand, then kilometres with one decimal. */
export function metres(m: number, locale: string): string {
  if (m < 1000) return `${Math.round(m)} m`;
  return `${(m / 1000).toLocaleString(locale, { maximumFractionDigits: 1 })} km`;
}
