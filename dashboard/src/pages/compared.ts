import { useMemo } from "react";
import type { Call } from "../api/call";
import { useCall } from "../api/use-call";
import { type Usd, usd } from "../format/money";

/** What each group cost in the period before, by its name; null while unknown. */
export function useBefore<T extends { total_cost: string | number }>(call: Call<T[]> | null, name: (row: T) => string): Map<string, Usd> | null {
  const rows = useCall<T[]>(call, { past: true }).data;
  return useMemo(() => {
    if (!call || !rows) return null;
    const costs = new Map<string, Usd>();
    for (const row of rows) costs.set(name(row), usd(row.total_cost));
    return costs;
    // What a row is called does not change.
  }, [call === null, rows]);
}
