import type { ReactNode } from "react";
import type { Call } from "../../api/call";
import { type Totals, totals } from "../../api/stats";
import { useCall } from "../../api/use-call";
import { useView } from "../../filters/use-view";
import { toFloat, usd } from "../../format/money";
import { formatCompact, formatCount, formatDuration, formatShare } from "../../format/number";
import { Delta } from "../../parts/delta";
import { Cost } from "../../parts/money";
import { Stat } from "../../parts/stat";

interface Props {
  of: { data: Totals | undefined; isPlaceholderData: boolean };
  call: Call<Totals>;
}

/** The figures on top, each with its change. */
export function Summary({ of, call }: Props) {
  const { view, before } = useView();
  const earlierCall = before && totals(view, before);
  const now = of.data;
  const earlier = useCall(now ? earlierCall : null, { past: true }).data;
  const was = before ? earlier : undefined;
  const calls = [call, earlierCall];
  const stat = (label: string, value: (totals: Totals) => ReactNode, measure: (totals: Totals) => number | null, good?: "up" | "down", wide?: boolean) => (
    <Stat
      label={label} calls={calls} wide={wide} stale={of.isPlaceholderData}
      value={now && value(now)}
      // A line that is to come has its room: what is below stays where it is.
      foot={now && was ? <Delta now={measure(now) ?? 0} before={measure(was)} good={good} /> : before && "\u00a0"}
      before={now && was && measure(was) !== null && value(was)}
    />
  );
  return (
    <div className="stats">
      {stat("Spend", (t) => <Cost of={t} />, (t) => toFloat(usd(t.total_cost)), "down", true)}
      {stat("Calls", (t) => <span title={formatCount(t.call_count)}>{formatCompact(t.call_count)}</span>, (t) => t.call_count)}
      {stat("Error rate", (t) => <span title={`${formatCount(t.error_count)} of ${formatCount(t.call_count)} calls`}>{formatShare(errorRate(t))}</span>, errorRate, "down")}
      {stat("Latency p50", (t) => formatDuration(t.p50_latency_ms), (t) => t.p50_latency_ms ?? null, "down")}
      {stat("Latency p95", (t) => formatDuration(t.p95_latency_ms), (t) => t.p95_latency_ms ?? null, "down")}
    </div>
  );
}

function errorRate(totals: Totals): number {
  return totals.call_count === 0 ? 0 : totals.error_count / totals.call_count;
}
