import type { Series } from "../api/stats";
import { sum, type Usd, usd } from "../format/money";
import { SERIES } from "./palette";

export const OTHER = "_other";
export const NONE = "_none";

export interface Stack {
  interval: string;
  /** Dearest first; what has no colour of its own is in `_other`, which comes last. */
  groups: { name: string; total: Usd }[];
  buckets: { start: string; total: Usd; calls: number; unpriced: number; parts: Usd[] }[];
}

/** The API's series as a stack of bars; a series without groups is a stack of one. */
export function stack(series: Series): Stack {
  const names = Object.keys(series.buckets[0]?.groups ?? {});
  const totals = names.map((name) => ({
    name,
    total: sum(series.buckets.map((bucket) => cost(bucket.groups?.[name]))),
  }));
  const dearest = totals
    .filter((group) => group.name !== OTHER && group.total !== 0n)
    .sort((a, b) => (a.total < b.total ? 1 : a.total > b.total ? -1 : a.name < b.name ? -1 : 1))
    .slice(0, SERIES);
  const whole = sum(series.buckets.map((bucket) => usd(bucket.total_cost)));
  const rest = whole - sum(dearest.map((group) => group.total));
  const groups = rest === 0n ? dearest : [...dearest, { name: names.length === 0 ? "total" : OTHER, total: rest }];
  const buckets = series.buckets.map((bucket) => {
    const total = usd(bucket.total_cost);
    const parts = dearest.map((group) => cost(bucket.groups?.[group.name]));
    if (rest !== 0n) parts.push(total - sum(parts));
    return { start: bucket.start, total, calls: bucket.call_count, unpriced: bucket.unpriced_count, parts };
  });
  return { interval: series.interval, groups, buckets };
}

function cost(group: { total_cost: string | number } | undefined): Usd {
  return group ? usd(group.total_cost) : 0n;
}

/** What the API calls a group, in words. */
export function groupLabel(name: string): string {
  if (name === OTHER) return "Everything else";
  if (name === NONE) return "None";
  return name;
}
