/**
 * Asking the collector, for a front end: nothing of Node's, nothing of the rest of this package.
 *
 *     import { configure, fetchRuns, getTenantId } from "llmobserve/api";
 *     configure({ collectorUrl: "https://llmobserve.example", token: () => getToken() });
 *     const runs = await fetchRuns(100, getTenantId(user.id));
 */

export interface ApiOptions {
  /** `http://localhost:8000`; "" for the page's own origin. */
  collectorUrl?: string;
  /** A session's JWT, or a key with the scope `read`; asked for each request if a function. */
  token?: string | (() => string | null | undefined | Promise<string | null | undefined>);
}

const settings: Required<ApiOptions> = { collectorUrl: "http://localhost:8000", token: "" };

/** Where to ask, and as whom. What is not given stays. */
export function configure(options: ApiOptions): void {
  if (options.collectorUrl !== undefined) settings.collectorUrl = options.collectorUrl;
  if (options.token !== undefined) settings.token = options.token;
}

/** US dollars; `null` where it is unknown. `unpriced_count` says how many calls it leaves out. */
export type Cost = number | null;

export interface Run {
  run_id: string;
  tenant_id: string;
  started_at: string;
  ended_at: string;
  total_cost: Cost;
  unpriced_count: number;
  call_count: number;
  error_count: number;
  sections: string[];
  top_section: string | null;
}

export interface ProviderStats {
  provider: string;
  total_cost: Cost;
  unpriced_count: number;
  call_count: number;
  /** 0 to 100, of the whole. */
  percentage: number | null;
}

export interface ModelStats extends ProviderStats {
  model: string | null;
  input_tokens: number;
  output_tokens: number;
  avg_latency_ms: number | null;
}

export interface SectionStats extends Omit<ProviderStats, "provider"> {
  section: string | null;
  section_path: string | null;
  avg_latency_ms: number | null;
}

export interface Span {
  span_id: string | null;
  parent_span_id: string | null;
  name: string;
  span_type: string;
  provider: string | null;
  model: string | null;
  started_at: string;
  latency_ms: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: Cost;
  /** With its children. */
  total_cost: Cost;
  status: string;
  children: Span[];
}

export interface RunDetail extends Run {
  breakdown: {
    by_section: SectionStats[];
    by_provider: ProviderStats[];
    by_model: ModelStats[];
  };
  spans: Span[];
}

/** What the collector answered in place of what was asked for. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    /** `tenant_required`, `not_found`, … */
    readonly code: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

/** The tenant of a user of Clerk (or of your own): the user's id. */
export function getTenantId(userId: string | null | undefined): string | null {
  return userId || null;
}

/** The newest runs. Without a tenant: the caller's own. */
export function fetchRuns(limit = 50, tenantId?: string | null): Promise<Run[]> {
  return ask("/runs/latest", { limit, tenant_id: tenantId });
}

/** One run with its breakdown and its tree of spans. */
export function fetchRunDetail(runId: string, tenantId?: string | null): Promise<RunDetail> {
  return ask(`/runs/${encodeURIComponent(runId)}`, { tenant_id: tenantId });
}

/** Cost by provider of the last `hours`, dearest first. */
export function fetchProviderStats(
  hours = 24,
  tenantId?: string | null,
): Promise<ProviderStats[]> {
  return ask("/stats/by-provider", { hours, tenant_id: tenantId });
}

type Query = Record<string, string | number | null | undefined>;

async function ask<T>(path: string, query: Query): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) search.set(name, String(value));
  }
  const { token } = settings;
  const bearer = typeof token === "function" ? await token() : token;
  const response = await fetch(`${settings.collectorUrl.replace(/\/+$/, "")}${path}?${search}`, {
    headers: { Accept: "application/json", ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) },
  });
  if (!response.ok) throw await failure(response);
  return (await response.json()) as T;
}

async function failure(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const said = [problem["detail"], problem["title"], response.statusText].find(Boolean);
  const code = typeof problem["code"] === "string" ? problem["code"] : undefined;
  return new ApiError(response.status, code, `${response.status} ${String(said ?? "")}`.trim());
}
