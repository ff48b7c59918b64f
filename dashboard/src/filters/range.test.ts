import { expect, it } from "vitest";
import { previous, readRange, resolve, thisMonth, type TimeRange, writeRange } from "./range";

const now = new Date("2026-07-30T12:00:30Z");
const read = (query: string) => readRange(new URLSearchParams(query));

it("is the last day unless the address says otherwise", () => {
  expect(read("")).toEqual({ kind: "hours", count: 24 });
  expect(read("days=7")).toEqual({ kind: "days", count: 7 });
  expect(read("month=2026-07")).toEqual({ kind: "month", month: "2026-07" });
  for (const nonsense of ["days=0", "days=x", "days=1101", "hours=-1", "month=2026-13", "from=b&to=a", "from=2026-01-01T00:00:00Z"]) {
    expect(read(nonsense), nonsense).toEqual({ kind: "hours", count: 24 });
  }
});

it("survives its way through the address", () => {
  const ranges: TimeRange[] = [
    { kind: "hours", count: 24 },
    { kind: "hours", count: 6 },
    { kind: "days", count: 30 },
    { kind: "month", month: "2026-01" },
    { kind: "between", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" },
  ];
  for (const range of ranges) {
    const params = new URLSearchParams("days=3&provider=openai");
    writeRange(params, range);
    expect(readRange(params)).toEqual(range);
    expect(params.get("provider")).toBe("openai");
  }
});

it("ends with the minute, long ranges with the quarter of an hour", () => {
  expect(resolve({ kind: "hours", count: 1 }, now)).toEqual({ from: "2026-07-30T11:01:00Z", to: "2026-07-30T12:01:00Z" });
  expect(resolve({ kind: "days", count: 7 }, now)).toEqual({ from: "2026-07-23T12:15:00Z", to: "2026-07-30T12:15:00Z" });
  expect(resolve({ kind: "days", count: 30 }, now)).toEqual({ from: "2026-06-30T12:15:00Z", to: "2026-07-30T12:15:00Z" });
});

it("is compared with the time right before", () => {
  const range: TimeRange = { kind: "hours", count: 1 };
  expect(previous(range, resolve(range, now))).toEqual({ from: "2026-07-30T10:01:00Z", to: "2026-07-30T11:01:00Z" });
});

it("compares a month with the same part of the month before", () => {
  const month = thisMonth(new Date(2026, 6, 30, 12));
  const july = resolve(month, new Date(2026, 6, 10, 0, 0));
  const june = previous(month, july);
  expect(new Date(june.from)).toEqual(new Date(2026, 5, 1));
  expect(new Date(june.to)).toEqual(new Date(2026, 5, 10));
  const whole = resolve(month, new Date(2026, 8, 1));
  expect(previous(month, whole).to).toBe(whole.from);
  expect(thisMonth(new Date(2026, 0, 15), 1)).toEqual({ kind: "month", month: "2025-12" });
});
