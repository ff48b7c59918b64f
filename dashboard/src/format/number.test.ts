import { expect, it } from "vitest";
import { formatChange, formatCompact, formatDuration, formatShare, relativeChange } from "./number";

it("durations take the unit that fits", () => {
  expect([0.4, 12, 999, 1500, 61_000, 3_700_000, null].map(formatDuration)).toEqual([
    "0.40 ms", "12 ms", "999 ms", "1.50 s", "1 min 1 s", "1 h 1 min", "–",
  ]);
});

it("changes carry their sign and need something to compare with", () => {
  expect([0.123, -0.5, 0, 42].map(formatChange)).toEqual(["+12%", "−50%", "0.0%", "+4.2K%"]);
  expect(relativeChange(3, 2)).toBe(0.5);
  expect(relativeChange(3, 0)).toBeNull();
});

it("shares and counts stay short", () => {
  expect([0, 0.0001, 0.256, 1].map(formatShare)).toEqual(["0.0%", "<0.1%", "25.6%", "100.0%"]);
  expect([999, 12_345, 1_234_567].map(formatCompact)).toEqual(["999", "12,345", "1.2M"]);
});
