/**
 * What is sent, and what it must come to: sums made here, by other means than the product's, from
 * the very events.
 */
export interface Event {
  id: string;
  tenant_id: string;
  timestamp: string;
  run_id: string;
  span_type: string;
  span_id?: string;
  parent_span_id?: string;
  customer_id?: string;
  provider?: string;
  model?: string;
  section_path?: string;
  environment?: string;
  status: string;
  /** Absent: nobody knows. */
  cost_usd?: string;
  input_tokens?: number;
  cached_tokens?: number;
  cache_write_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
  latency_ms?: number;
}

const HOUR = 3_600_000;
const MODELS = [["openai", "gpt-4o"], ["openai", "gpt-4o-mini"], ["anthropic", "claude-sonnet-4-5"], ["google", "gemini-2.5-pro"]] as const;
const SECTIONS = ["agent:support/tool:search", "agent:support/step:draft", "agent:research", "agent:research/step:read"];

/** The run that has a tree, failures and a call without a price. */
export const TREE = "run-tree/1";

/** Four weeks and a day of `gamma`, on whose last day one customer costs far more than usual. */
export const WEEKS = { tenant: "gamma", customer: "gamma customer 2" };

/** Two tenants' last hours and the day before, and what is unlike the weeks before of a third. */
export function ledger(now: number): Event[] {
  const events: Event[] = [];
  for (const [tenant, count] of [["alpha", 240], ["beta", 60]] as const) {
    for (let i = 0; i < count; i++) {
      // A minute away from the edges of the last day and of the day before.
      const ago = i % 4 === 3 ? 25 * HOUR + (i / count) * 22 * HOUR : 0.1 * HOUR + (i / count) * 20 * HOUR;
      const [provider, model] = MODELS[(i * 7 + Math.floor(i / 4)) % MODELS.length] ?? MODELS[0];
      const failed = i % 20 === 5;
      events.push({
        id: `${tenant}-${i}`, tenant_id: tenant, timestamp: new Date(now - ago).toISOString(), run_id: `${tenant}-run-${i % 4 === 3 ? "early-" : ""}${Math.floor(i / 6)}`,
        span_type: "llm", provider, model, section_path: SECTIONS[i % SECTIONS.length], environment: i % 5 === 0 ? "staging" : "production",
        ...(i % 9 !== 0 && { customer_id: `${tenant} customer ${i % 7}` }),
        status: failed ? "rate_limited" : "ok", cost_usd: failed ? "0" : `${(i * 37) % 11}.${String((i * 792_000_919 + 13) % 10 ** 9).padStart(9, "0")}001`,
        input_tokens: 100 + i, output_tokens: 10 + i, latency_ms: 200 + 10 * i,
      });
    }
  }
  return [...events, ...unpriced(now), ...tree(now), ...weeks(now)];
}

function weeks(now: number): Event[] {
  return Array.from({ length: 29 * 24 }, (_, i): Event => {
    const [day, part] = [Math.floor(i / 24), i % 24];
    const customer = `gamma customer ${part % 4}`;
    const [provider, model] = MODELS[part % MODELS.length] ?? MODELS[0];
    const spike = day === 0 && customer === WEEKS.customer;
    // Hours away from where one day ends and the next begins, so that it does not matter when in the
    // quarter of an hour someone asks.
    const ago = day * 24 * HOUR + HOUR + (part / 24) * 21 * HOUR;
    return {
      id: `gamma-${i}`, tenant_id: WEEKS.tenant, timestamp: new Date(now - ago).toISOString(), run_id: `gamma-run-${Math.floor(i / 4)}`,
      span_type: "llm", provider, model, section_path: SECTIONS[Math.floor(part / 2) % SECTIONS.length], environment: "production", customer_id: customer,
      status: "ok", cost_usd: spike ? "7.25" : `0.${String(50 + ((i * 7) % 9))}`, input_tokens: 900 + part, output_tokens: 120 + part, latency_ms: 400 + 5 * part,
    };
  });
}

function unpriced(now: number): Event[] {
  return Array.from({ length: 3 }, (_, i) => ({
    id: `unpriced-${i}`, tenant_id: "alpha", timestamp: new Date(now - HOUR).toISOString(), run_id: "run-unpriced", span_type: "llm",
    provider: "openai", model: "gpt-of-tomorrow", status: "ok", input_tokens: 10, output_tokens: 1, latency_ms: 100,
  }));
}

function tree(now: number): Event[] {
  const at = (seconds: number) => new Date(now - 0.5 * HOUR + seconds * 1000).toISOString();
  const common = { tenant_id: "alpha", run_id: TREE, status: "ok" };
  const call = { ...common, span_type: "llm", provider: "openai", model: "gpt-4o", input_tokens: 7, output_tokens: 3 };
  return [
    { ...common, id: "t1", span_type: "agent", span_id: "root", section_path: "agent:plan", timestamp: at(0), latency_ms: 9000 },
    { ...common, id: "t2", span_type: "tool", span_id: "tool", parent_span_id: "root", section_path: "agent:plan/tool:look", timestamp: at(1), latency_ms: 5000 },
    { ...call, id: "t3", span_id: "first", parent_span_id: "tool", section_path: "agent:plan/tool:look", cost_usd: "0.100000000001", timestamp: at(1), latency_ms: 2000 },
    { ...call, id: "t4", span_id: "second", parent_span_id: "tool", section_path: "agent:plan/tool:look", cost_usd: "0.2", status: "error", input_tokens: 1200, cached_tokens: 800, cache_write_tokens: 150, output_tokens: 340, reasoning_tokens: 260, timestamp: at(3), latency_ms: 3000 },
    { ...call, id: "t5", span_id: "third", parent_span_id: "root", section_path: "agent:plan", cost_usd: "0.03", timestamp: at(6), latency_ms: 3000 },
  ];
}

export const isCall = (event: Event) => !["agent", "tool", "section"].includes(event.span_type);
export const isFailure = (event: Event) => isCall(event) && ["error", "timeout", "rate_limited"].includes(event.status);

/** An exact sum, as plain decimal digits without trailing zeros. */
export function total(events: Event[]): string {
  let pico = 0n;
  for (const event of events) {
    const [whole = "0", fraction = ""] = (event.cost_usd ?? "0").split(".");
    pico += BigInt(whole + fraction.padEnd(12, "0"));
  }
  const digits = pico.toString().padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, "");
}

export function grouped(events: Event[], key: (event: Event) => string | undefined): Map<string, Event[]> {
  const groups = new Map<string, Event[]>();
  for (const event of events) {
    const name = key(event) ?? "";
    groups.set(name, [...(groups.get(name) ?? []), event]);
  }
  return groups;
}

/** Sums by a key, dearest first, then by name. */
export function totalsBy(events: Event[], key: (event: Event) => string | undefined): [string, string][] {
  const totals = [...grouped(events, key)].map(([name, group]) => ({ name, cost: total(group), shown: cost(group) }));
  totals.sort((a, b) => Number(b.cost) - Number(a.cost) || (a.name < b.name ? -1 : 1));
  return totals.map(({ name, shown }) => [name, shown]);
}

/** As the API and the files say it, where `unpriced_count` stands beside it. */
export const plainly = (shown: string) => shown.replace("unknown", "0");

/** As it is shown: what has no price was not free. */
export function cost(events: Event[]): string {
  const sum = total(events);
  return sum === "0" && events.some((event) => event.cost_usd === undefined) ? "unknown" : sum;
}
