import { expect, it } from "vitest";
import { labelledBuckets } from "./ticks";

const hours = (count: number) => Array.from({ length: count }, (_, hour) => new Date(2026, 6, 1, hour).toISOString());

it("labels stand at round times of the reader's day", () => {
  expect(labelledBuckets(hours(24), "1h", 8)).toEqual([0, 3, 6, 9, 12, 15, 18, 21]);
  expect(labelledBuckets(hours(7 * 24), "1h", 10)).toEqual([0, 24, 48, 72, 96, 120, 144]);
});

it("are never more than fit", () => {
  for (const most of [1, 2, 5, 12]) {
    expect(labelledBuckets(hours(500), "1h", most).length).toBeLessThanOrEqual(most);
    expect(labelledBuckets(hours(30), "1mo", most).length).toBeLessThanOrEqual(most);
  }
});
