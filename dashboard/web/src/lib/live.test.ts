import { expect, test } from "vitest";
import { RETRY_MAX_MS, retryDelay } from "./live";

test("tries are spaced out, but never further than the limit", () => {
  const delays = Array.from({ length: 50 }, (_, tries) => retryDelay(tries, 1));
  expect(delays.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
  expect(Math.max(...delays)).toBe(RETRY_MAX_MS);
});

test("chance makes a try earlier, never at once", () => {
  expect(retryDelay(3, 0)).toBe(3000);
});
