import { Link } from "wouter";
import { customer as customerCall, runs } from "../api/stats";
import { useCall } from "../api/use-call";
import { stack } from "../charts/series";
import { StackedBars } from "../charts/stacked-bars";
import { useHref, useView } from "../filters/use-view";
import { toFloat, usd } from "../format/money";
import { formatCompact, formatCount, formatDuration, formatShare } from "../format/number";
import { formatDateTime } from "../format/time";
import { Card } from "../parts/card";
import { Delta } from "../parts/delta";
import { Money } from "../parts/money";
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
  const filter = { customer_id: [customerId] };
  return (
    <>
      <div className="stack" style={{ gap: 4 }}>
        <Link className="small" href={href("/app/customers")}>Customers</Link>
        <div className="page-head">
          <h1>{customerId}</h1>
          <Link className="button" href={href("/", { filters: { ...view.filters, ...filter } })}>Show in the overview</Link>
        </div>
      </div>
      {totals && <Unpriced count={totals.unpriced_count} />}
      <div className="stats">
        <Stat label="Spend" calls={calls} wide value={totals && <Money amount={usd(totals.total_cost)} />} foot={totals && was && before && <Delta now={toFloat(usd(totals.total_cost))} before={toFloat(usd(was.total_cost))} good="down" />} />
        <Stat label="Calls" calls={calls} value={totals && formatCompact(totals.call_count)} foot={totals && was && before && <Delta now={totals.call_count} before={was.call_count} />} />
        <Stat label="Error rate" calls={calls} value={totals && formatShare(totals.call_count ? totals.error_count / totals.call_count : 0)} />
        <Stat label="Latency p50" calls={calls} value={totals && formatDuration(totals.p50_latency_ms)} />
        <Stat label="Latency p95" calls={calls} value={totals && formatDuration(totals.p95_latency_ms)} />
      </div>
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
              <Breakdown title="By model" className="span-4" calls={[call]} rows={detail.by_model.map((row) => ({ ...row, name: row.model }))} filter={(name) => ({ ...filter, model: [name] })} />
              <Breakdown title="By provider" className="span-4" calls={[call]} rows={detail.by_provider.map((row) => ({ ...row, name: row.provider }))} filter={(name) => ({ ...filter, provider: [name] })} />
              <CustomerRuns customerId={customerId} />
            </div>
          </>
        )}
    </>
  );
}

function CustomerRuns({ customerId }: { customerId: string }) {
  const { view, period } = useView();
  const href = useHref();
  const runHref = useRunHref();
  const call = runs({ ...view, filters: { customer_id: [customerId] } }, period, 10);
  const list = useCall(call);
  return (
    <Card title="Latest runs" className="span-4" calls={[call]} flush actions={<Link className="small" href={href("/app/runs", { filters: { customer_id: [customerId] } })}>All</Link>}>
      {list.data?.length === 0 ? <Empty title="No runs in this time" /> : !list.data ? <SkeletonRows /> : (
        <table aria-label="Latest runs">
          <tbody>
            {list.data.map((run) => (
              <tr key={`${run.tenant_id} ${run.run_id}`}>
                <td>
                  <Link className="name mono" href={runHref(run)}>{run.run_id}</Link>
                  <div className="muted small">{formatDateTime(run.started_at)} · {formatCount(run.call_count)} calls</div>
                </td>
                <td className="number"><Money amount={usd(run.total_cost)} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
