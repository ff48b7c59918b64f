import type { ReactNode } from "react";
import { Link } from "wouter";
import { customer as customerCall, type CustomerDetail, runs } from "../api/stats";
import { useCall } from "../api/use-call";
import { stack } from "../charts/series";
import { StackedBars } from "../charts/stacked-bars";
import { useHref, useView } from "../filters/use-view";
import { toFloat, usd } from "../format/money";
import { formatCompact, formatDuration, formatShare, plural } from "../format/number";
import { formatDateTime } from "../format/time";
import type { Source } from "../parts/api-link";
import { Card } from "../parts/card";
import { Delta } from "../parts/delta";
import { Cost } from "../parts/money";
import { NoCalls } from "../parts/no-calls";
import { Stat } from "../parts/stat";
import { Empty, Failure, SkeletonRows } from "../parts/states";
import { Unpriced } from "../parts/unpriced";
import { useRunHref } from "./paths";
import { Breakdown } from "./run/breakdown";

export default function Customer({ id }: { id: string }) {
  const customerId = decodeURIComponent(id);
  const { view, period, before } = useView();
  const href = useHref();
  const [call, earlierCall] = [customerCall(view, period, customerId), before && customerCall(view, before, customerId)];
  const answer = useCall(call);
  const was = useCall(earlierCall, { past: true }).data?.totals;
  const detail = answer.data;
  const calls = [call, earlierCall];
  if (answer.error && !detail) return <Failure problem={answer.error} retry={() => void answer.refetch()} />;
  const totals = detail?.totals;
  const filter = { ...view.filters, customer_id: [customerId] };
  return (
    <>
      <div className="stack" style={{ gap: 4 }}>
        <Link className="small" href={href("/app/customers")}>Customers</Link>
        <div className="page-head">
          <h1>{customerId}</h1>
          <Link className="button" href={href("/", { filters: filter })}>Show in the overview</Link>
        </div>
      </div>
      {totals && <Unpriced count={totals.unpriced_count} />}
      <Figures calls={calls} now={totals} was={before ? was : undefined} />
      {!detail ? <div className="card"><SkeletonRows /></div>
        : totals?.call_count === 0 && usd(totals.total_cost) === 0n ? <NoCalls /> : (
          <>
            <Card title="Cost by day" calls={[call]}>
              <StackedBars
                label="Cost by day"
                stack={stack({ interval: "1d", buckets: detail.daily.map((day) => ({ ...day, start: `${day.date}T00:00:00` })) })}
              />
            </Card>
            <div className="columns">
              <div className="stack span-6">
                <Breakdown title="By model" calls={[call]} rows={detail.by_model.map((row) => ({ ...row, name: row.model }))} filter={(name) => ({ ...filter, model: [name] })} />
                <Breakdown title="By provider" calls={[call]} rows={detail.by_provider.map((row) => ({ ...row, name: row.provider }))} filter={(name) => ({ ...filter, provider: [name] })} />
              </div>
              <CustomerRuns customerId={customerId} />
            </div>
          </>
        )}
    </>
  );
}

type Totals = CustomerDetail["totals"];

function Figures({ calls, now, was }: { calls: Source[]; now: Totals | undefined; was: Totals | undefined }) {
  const stat = (label: string, value: (of: Totals) => ReactNode, measure: (of: Totals) => number | null, good?: "down") => (
    <Stat
      label={label} calls={calls} wide={label === "Spend"} value={now && value(now)}
      foot={now && was && <Delta now={measure(now) ?? 0} before={measure(was)} good={good} />}
      before={now && was && measure(was) !== null && value(was)}
    />
  );
  return (
    <div className="stats">
      {stat("Spend", (t) => <Cost of={t} />, (t) => toFloat(usd(t.total_cost)), "down")}
      {stat("Calls", (t) => formatCompact(t.call_count), (t) => t.call_count)}
      {stat("Error rate", (t) => formatShare(errorRate(t)), errorRate, "down")}
      {stat("Latency p50", (t) => formatDuration(t.p50_latency_ms), (t) => t.p50_latency_ms ?? null, "down")}
      {stat("Latency p95", (t) => formatDuration(t.p95_latency_ms), (t) => t.p95_latency_ms ?? null, "down")}
    </div>
  );
}

function errorRate(totals: Totals): number {
  return totals.call_count === 0 ? 0 : totals.error_count / totals.call_count;
}

function CustomerRuns({ customerId }: { customerId: string }) {
  const { view, period } = useView();
  const href = useHref();
  const runHref = useRunHref();
  const filters = { ...view.filters, customer_id: [customerId] };
  const call = runs({ ...view, filters }, period, 10);
  const list = useCall(call);
  return (
    <Card title="Latest runs" className="span-6" calls={[call]} flush actions={<Link className="small" href={href("/app/runs", { filters })}>All</Link>}>
      {list.data?.length === 0 ? <Empty title="No run began in this time"><p>Calls of this time belong to runs that began before it.</p></Empty> : !list.data ? <SkeletonRows /> : (
        <table aria-label="Latest runs">
          <tbody>
            {list.data.map((run) => (
              <tr key={`${run.tenant_id} ${run.run_id}`}>
                <td>
                  <Link className="name mono" href={runHref(run)}>{run.run_id}</Link>
                  <div className="muted small">{formatDateTime(run.started_at)} · {plural(run.call_count, "call")}</div>
                </td>
                <td className="number"><Cost of={run} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
