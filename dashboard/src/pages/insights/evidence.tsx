import type { ReactNode } from "react";
import type { Evidence as Told, Insight } from "../../api/insights";
import { Spark } from "../../charts/spark";
import { usd } from "../../format/money";
import { formatShare } from "../../format/number";
import { formatDateTime } from "../../format/time";
import { Money } from "../../parts/money";

/** What was expected, what was seen, and the days that this rests on. */
export function Evidence({ insight }: { insight: Insight }) {
  const { metric, from, to, impact_usd, usual, days } = insight.evidence;
  const known = days?.map((day) => day ?? 0) ?? [];
  const entries: [string, ReactNode][] = [
    ["Expected", <Figure key="expected" of={insight.expected} metric={metric} />],
    ["Actual", <Figure key="actual" of={insight.actual} metric={metric} />],
    ["Usually", usual && <><Figure of={usual[0]} metric={metric} /> to <Figure of={usual[1]} metric={metric} /></>],
    ["Makes a difference of", impact_usd != null && <Money amount={usd(impact_usd)} />],
    ["Day", `${formatDateTime(from)} – ${formatDateTime(to)}`],
  ];
  return (
    <div className="row wrap" style={{ gap: "8px 24px" }}>
      {known.length > 1 && <Spark values={known} label={`${METRICS[metric] ?? metric} of the last ${known.length} days`} />}
      <dl className="evidence">
        {entries.map(([name, value]) => value && <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
    </div>
  );
}

const METRICS: Record<string, string> = {
  total_cost: "Cost a day",
  cost_per_1k_tokens: "Cost of 1,000 tokens",
  error_rate: "Failed calls",
  input_tokens_per_call: "Input tokens a call",
  cached_share: "Share of input from the cache",
  calls_per_run: "Calls a run",
  unpriced_count: "Calls without a price",
};

const decimal = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** A figure in the unit of its metric. */
function Figure({ of, metric }: { of: Insight["actual"]; metric: Told["metric"] }) {
  if (of === null) return <>–</>;
  if (/cost/.test(metric) && typeof of === "string") return <Money amount={usd(of)} />;
  const value = Number(of);
  if (/cost/.test(metric)) return <>${value < 1 ? value.toPrecision(3) : value.toFixed(2)}</>;
  return <>{/rate|share/.test(metric) ? formatShare(value) : decimal.format(value)}</>;
}

export function typeLabel(type: string): string {
  const spaced = type.replaceAll("_", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
