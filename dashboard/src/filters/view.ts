import { readRange, type TimeRange, writeRange } from "./range";

/** The filters, named as the API's parameters. */
export const FACETS = ["customer_id", "provider", "model", "section", "environment", "status"] as const;
export type Facet = (typeof FACETS)[number];
export type Filters = Partial<Record<Facet, string[]>>;

export const FACET_LABELS: Record<Facet, string> = {
  customer_id: "Customer",
  provider: "Provider",
  model: "Model",
  section: "Section",
  environment: "Environment",
  status: "Status",
};

export const STATUSES = ["ok", "error", "cancelled", "timeout", "rate_limited"];

/** What a page shows: all of it is in its address, so that it can be shared. */
export interface View {
  tenant: string | null;
  range: TimeRange;
  compare: boolean;
  filters: Filters;
}

export function readView(params: URLSearchParams): View {
  const filters: Filters = {};
  for (const facet of FACETS) {
    const values = [...new Set(params.getAll(facet).filter((value) => value !== ""))].sort();
    if (values.length > 0) filters[facet] = values;
  }
  return {
    tenant: params.get("tenant_id") || null,
    range: readRange(params),
    compare: params.get("compare") !== "off",
    filters,
  };
}

/** Writes what a change touches and leaves the rest of the address as it is. */
export function writeView(params: URLSearchParams, change: Partial<View>): URLSearchParams {
  const next = new URLSearchParams(params);
  if (change.tenant !== undefined) {
    next.delete("tenant_id");
    if (change.tenant !== null) next.set("tenant_id", change.tenant);
  }
  if (change.range) writeRange(next, change.range);
  if (change.compare !== undefined) {
    next.delete("compare");
    if (!change.compare) next.set("compare", "off");
  }
  if (change.filters) {
    for (const facet of FACETS) {
      next.delete(facet);
      for (const value of change.filters[facet] ?? []) next.append(facet, value);
    }
  }
  return next;
}

/** The part of an address that goes along from page to page. */
export function carried(params: URLSearchParams): URLSearchParams {
  return writeView(new URLSearchParams(), readView(params));
}

export function withValue(filters: Filters, facet: Facet, values: string[]): Filters {
  const { [facet]: _, ...rest } = filters;
  return values.length > 0 ? { ...rest, [facet]: values } : rest;
}

export function countFilters(filters: Filters): number {
  return FACETS.reduce((count, facet) => count + (filters[facet]?.length ?? 0), 0);
}

/** The filter for a section and all below it: with a slash it is a path, without one a name. */
export function subtree(path: string): string {
  return path.includes("/") ? path : `${path}/`;
}
