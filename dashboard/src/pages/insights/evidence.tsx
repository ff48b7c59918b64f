import type { ReactNode } from "react";
import type { Evidence as Told, Insight } from "../../api/insights";
import { DayBars } from "../../charts/day-bars";
import { usd } from "../../format/money";
import { formatShare } from "../../format/number";
import { formatDateTime, formatDay } from "../../format/time";
import { Money } from "../../parts/money";

const DAY_MS = 86_400_000;

/** What was expected and what was seen, of which time, and what that comes to. */
export function Evidence({ insight }: { insight: Insight }) {
  const { metric, from, to, impact_usd, usual } = insight.evidence;
  const impact = impact_usd == null ? null : usd(impact_usd);
  const entries: [string, ReactNode][] = [
    ["Impact", impact === null ? <span className="muted">unknown</span> : <>{impact > 0n && "+"}<Money amount={impact} /></>],
    [METRICS[metric] ?? metric, <Figure key="actual" of={insight.actual} metric={metric} />],
    ["Expected", <Figure key="expected" of={insight.expected} metric={metric} />],
    ["Usually", usual && `${figure(usual[0], metric)} – ${figure(usual[1], metric)}`],
    ["Period", `${formatDateTime(from)} – ${formatDateTime(to)}`],
  ];
  return (
    <dl className="evidence">
      {entries.map(([name, value]) => value && <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** The days that an insight rests on. */
export function Days({ insight, colour }: { insight: Insight; colour: string }) {
  const { metric, to, usual, days = [] } = insight.evidence;
  if (days.filter((day) => day !== null).length < 2) return null;
  const title = (index: number) => {
    const begin = new Date(Date.parse(to) - (days.length - index) * DAY_MS);
    return `${formatDay(begin)}: ${figure(days[index] ?? 0, metric)}`;
  };
  const expected = insight.expected === null ? null : Number(insight.expected);
  const label = `${METRICS[metric] ?? metric} of ${days.length} days; the last one: ${figure(days.at(-1) ?? 0, metric)}`;
  return <DayBars values={days} expected={expected} usual={usual ?? null} title={title} label={label} colour={colour} />;
}

const METRICS: Record<string, string> = {
  total_cost: "Cost of the day",
  cost_per_1k_tokens: "Cost of 1,000 tokens",
  error_rate: "Failed calls",
  input_tokens_per_call: "Input tokens a call",
  cached_share: "Input from the cache",
  calls_per_run: "Calls a run",
  unpriced_count: "Calls without a price",
};

const decimal = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** A figure in the unit of its metric; amounts with all their digits on hover. */
function Figure({ of, metric }: { of: Insight["actual"]; metric: Told["metric"] }) {
  if (of === null) return <>–</>;
  return /cost/.test(metric) && typeof of === "string" ? <Money amount={usd(of)} /> : <>{figure(Number(of), metric)}</>;
}

function figure(value: number, metric: Told["metric"]): string {
  if (/cost/.test(metric)) return `$${value < 1 ? value.toPrecision(3) : value.toFixed(2)}`;
  return /rate|share/.test(metric) ? formatShare(value) : decimal.format(value);
}

export function typeLabel(type: string): string {
  const spaced = type.replaceAll("_", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
