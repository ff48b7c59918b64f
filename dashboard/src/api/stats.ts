/** The questions that pages ask about a view: same tenant, same time, same filters. */
import type { Period } from "../filters/range";
import { FACETS, type Filters, type View } from "../filters/view";
import { timeZone } from "../format/time";
import { get, type Query, type Schema } from "./call";

export type Dimension = "provider" | "model" | "section" | "customer";
export type Totals = Schema<"DashboardStats">;
export type Series = Schema<"TimeSeries">;
export type ProviderStats = Schema<"ProviderStats">;
export type ModelStats = Schema<"ModelStats">;
export type SectionStats = Schema<"SectionStats">;
export type CustomerStats = Schema<"CustomerStats">;
export type CustomerDetail = Schema<"CustomerDetail">;
export type RunSummary = Schema<"RunSummary">;
export type RunDetail = Schema<"RunDetail">;
export type Span = Schema<"Span">;

/** Amounts as strings, so that no digit is lost on the way. */
const EXACT: Query = [["money", "string"]];

export function tenantQuery(view: View): Query {
  return view.tenant === null ? [] : [["tenant_id", view.tenant]];
}

export function viewQuery(view: View, period: Period, without?: keyof Filters): Query {
  return [
    ...tenantQuery(view),
    ["from", period.from],
    ["to", period.to],
    ...FACETS.filter((facet) => facet !== without).flatMap((facet): Query =>
      (view.filters[facet] ?? []).map((value) => [facet, value])),
    ...EXACT,
  ];
}

const limited = (limit?: number): Query => (limit === undefined ? [] : [["limit", String(limit)]]);

export const totals = (view: View, period: Period) => get("/dashboard/stats", viewQuery(view, period));

export const byProvider = (view: View, period: Period, limit?: number) =>
  get("/stats/by-provider", [...viewQuery(view, period), ...limited(limit)]);

export const byModel = (view: View, period: Period, limit?: number) =>
  get("/stats/by-model", [...viewQuery(view, period), ...limited(limit)]);

export const bySection = (view: View, period: Period, limit?: number) =>
  get("/stats/by-section", [...viewQuery(view, period), ...limited(limit)]);

export const byCustomer = (view: View, period: Period, limit?: number) =>
  get("/stats/by-customer", [...viewQuery(view, period), ...limited(limit)]);

export const byEnvironment = (view: View, period: Period, limit?: number) =>
  get("/stats/by-environment", [...viewQuery(view, period), ...limited(limit)]);

export function timeseries(view: View, period: Period, group?: Dimension, interval?: string) {
  const query: Query = [...viewQuery(view, period), ["tz", timeZone]];
  if (interval) query.push(["interval", interval]);
  if (group) query.push(["group_by", group]);
  return get("/stats/timeseries", query);
}

export const runs = (view: View, period: Period, limit?: number) =>
  get("/runs/latest", [...viewQuery(view, period), ...limited(limit)]);

export const run = (view: View, runId: string) =>
  get("/runs/{run_id}", [...tenantQuery(view), ...EXACT], { run_id: runId });

export const customer = (view: View, period: Period, customerId: string) =>
  get(
    "/dashboard/customers/{customer_id}",
    [...viewQuery(view, period, "customer_id"), ["tz", timeZone]],
    { customer_id: customerId },
  );

/** The same list as a file: everything, as CSV. */
export function asCsv(url: string): string {
  const [path = "", query = ""] = url.split("?");
  const params = new URLSearchParams(query);
  for (const name of ["limit", "cursor", "money"]) params.delete(name);
  params.set("format", "csv");
  return `${path}?${params.toString()}`;
}
