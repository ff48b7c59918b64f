import { question } from "../../api/question";
import { type Dimension, timeseries, totals } from "../../api/stats";
import { type Period, resolve } from "../../filters/range";
import { readView, type View } from "../../filters/view";

/** What costs can be stacked by. */
export const DIMENSIONS: { value: Dimension; label: string }[] = [
  { value: "provider", label: "Provider" },
  { value: "model", label: "Model" },
  { value: "section", label: "Section" },
  { value: "customer", label: "Customer" },
];

const NARROW = matchMedia("(max-width: 560px)");

/** What the page at this address asks first: it can be asked before anything is drawn. */
export function firstQuestions(search: string, now: Date) {
  const params = new URLSearchParams(search);
  const view = readView(params);
  const period = resolve(view.range, now);
  return [totals(view, period), costOverTime(view, period, known(params.get("by")))].map((call) => question(view.tenant, call));
}

/** What the chart asks for. */
export function costOverTime(view: View, period: Period, dimension: Dimension) {
  return timeseries(view, period, dimension, NARROW.matches ? coarser(period) : undefined);
}

export function known(dimension: string | null): Dimension {
  return DIMENSIONS.find((entry) => entry.value === dimension)?.value ?? "provider";
}

/** Bars that a phone has room for, where the API would choose more. */
function coarser(period: Period): string | undefined {
  const hours = (Date.parse(period.to) - Date.parse(period.from)) / 3_600_000;
  if (hours <= 12 || hours > 120 * 24) return undefined;
  return hours <= 3 * 24 ? "1h" : "1d";
}
