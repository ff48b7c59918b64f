/** Which time a page tells about. */
export type TimeRange =
  | { kind: "hours"; count: number }
  | { kind: "days"; count: number }
  | { kind: "month"; month: string }
  | { kind: "between"; from: string; to: string };

/** Half-open, RFC 3339. */
export interface Period {
  from: string;
  to: string;
}

export const DEFAULT_RANGE: TimeRange = { kind: "hours", count: 24 };

export const PRESETS: { label: string; range: TimeRange }[] = [
  { label: "Last hour", range: { kind: "hours", count: 1 } },
  { label: "Last 6 hours", range: { kind: "hours", count: 6 } },
  { label: "Last 24 hours", range: DEFAULT_RANGE },
  { label: "Last 7 days", range: { kind: "days", count: 7 } },
  { label: "Last 30 days", range: { kind: "days", count: 30 } },
  { label: "Last 90 days", range: { kind: "days", count: 90 } },
];

const HOUR = 3_600_000;
/** Longer ranges end with the quarter of an hour: the API answers whole ones from one table, other edges from two. */
const MINUTES_UP_TO = 2 * 24 * HOUR;
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;
/** As much as the API answers. */
const DAYS_MAX = 1100;

/** Reads the range from a page's address; what makes no sense counts as absent. */
export function readRange(params: URLSearchParams): TimeRange {
  const from = params.get("from");
  const to = params.get("to");
  if (from && to && Date.parse(from) < Date.parse(to)) return { kind: "between", from, to };
  const month = params.get("month");
  if (month && MONTH.test(month)) return { kind: "month", month };
  const days = count(params.get("days"), DAYS_MAX);
  if (days) return { kind: "days", count: days };
  const hours = count(params.get("hours"), DAYS_MAX * 24);
  return hours ? { kind: "hours", count: hours } : DEFAULT_RANGE;
}

export function writeRange(params: URLSearchParams, range: TimeRange): void {
  for (const name of ["from", "to", "hours", "days", "month"]) params.delete(name);
  if (range.kind === "between") {
    params.set("from", range.from);
    params.set("to", range.to);
  } else if (range.kind === "month") {
    params.set("month", range.month);
  } else if (JSON.stringify(range) !== JSON.stringify(DEFAULT_RANGE)) {
    params.set(range.kind, String(range.count));
  }
}

function count(text: string | null, max: number): number | null {
  const value = text && /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= max ? value : null;
}

/**
 * The instants of a range. What is relative ends with the minute (or quarter of an hour) of
 * `now`, so that all calls of a page ask about the very same time.
 */
export function resolve(range: TimeRange, now: Date): Period {
  switch (range.kind) {
    case "between":
      return { from: instant(Date.parse(range.from)), to: instant(Date.parse(range.to)) };
    case "month": {
      const [year, month] = yearAndMonth(range.month);
      const end = Math.min(new Date(year, month + 1, 1).getTime(), roundUp(now, 60_000));
      const begin = new Date(year, month, 1).getTime();
      return { from: instant(begin), to: instant(Math.max(end, begin + 60_000)) };
    }
    default: {
      const length = range.count * (range.kind === "days" ? 24 * HOUR : HOUR);
      const to = roundUp(now, length > MINUTES_UP_TO ? 900_000 : 60_000);
      return { from: instant(to - length), to: instant(to) };
    }
  }
}

/**
 * The period before: as long, right before it. Of a month, the same part of the month before.
 */
export function previous(range: TimeRange, period: Period): Period {
  const [from, to] = [Date.parse(period.from), Date.parse(period.to)];
  if (range.kind !== "month") return { from: instant(2 * from - to), to: period.from };
  const [year, month] = yearAndMonth(range.month);
  const begin = new Date(year, month - 1, 1).getTime();
  const whole = to === new Date(year, month + 1, 1).getTime();
  const end = whole ? from : Math.min(from, begin + (to - from));
  return { from: instant(begin), to: instant(end) };
}

export function thisMonth(now: Date, back = 0): TimeRange {
  const begin = new Date(now.getFullYear(), now.getMonth() - back, 1);
  return { kind: "month", month: `${begin.getFullYear()}-${String(begin.getMonth() + 1).padStart(2, "0")}` };
}

function yearAndMonth(text: string): [number, number] {
  const match = MONTH.exec(text);
  return [Number(match?.[1]), Number(match?.[2]) - 1];
}

function roundUp(at: Date, unit: number): number {
  return Math.ceil(at.getTime() / unit) * unit;
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.000Z$/, "Z");
}
