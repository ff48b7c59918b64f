import type { Call } from "../api/call";
import { byCustomer, byEnvironment, byModel, byProvider, bySection } from "../api/stats";
import { useCall } from "../api/use-call";
import { formatUsd, type Usd, usd } from "../format/money";
import type { Option } from "../parts/picker";
import type { Period } from "./range";
import { useView } from "./use-view";
import { type Facet, STATUSES, subtree, type View, withValue } from "./view";

interface Group {
  value: string | null | undefined;
  cost: string | number;
}

/** Most values that a filter offers; others can be typed. */
const OFFERED = 200;

/** What there is to filter by in this time, dearest first, leaving the filter itself aside. */
export function useFacetOptions(facet: Facet): Option[] {
  const { view, period } = useView();
  const asked = question(facet, { ...view, filters: withValue(view.filters, facet, []) }, period);
  const answer = useCall(asked?.call ?? null);
  if (!asked) return STATUSES.map((value) => ({ value, label: value.replace("_", " ") }));
  const sums = new Map<string, Usd>();
  for (const row of answer.data ?? []) {
    const { value, cost } = asked.group(row);
    if (value) sums.set(value, (sums.get(value) ?? 0n) + usd(cost));
  }
  return [...sums].map(([value, cost]) => ({ value, label: value.replace(/\/$/, ""), note: formatUsd(cost) }));
}

function question(facet: Facet, view: View, period: Period) {
  switch (facet) {
    case "status":
      return null;
    case "customer_id":
      return ask(byCustomer(view, period, OFFERED), (row) => ({ value: row.customer_id, cost: row.total_cost }));
    case "provider":
      return ask(byProvider(view, period, OFFERED), (row) => ({ value: row.provider, cost: row.total_cost }));
    case "model":
      return ask(byModel(view, period, OFFERED), (row) => ({ value: row.model, cost: row.total_cost }));
    case "section":
      return ask(bySection(view, period, OFFERED), (row) => ({ value: row.section_path && subtree(row.section_path), cost: row.total_cost }));
    case "environment":
      return ask(byEnvironment(view, period, OFFERED), (row) => ({ value: row.environment, cost: row.total_cost }));
  }
}

/** A list, and how to read its rows; which list it is stays behind. */
function ask<T>(call: Call<T[]>, group: (row: T) => Group) {
  return { call: call as Call<unknown[]>, group: (row: unknown) => group(row as T) };
}
