import { Link } from "wouter";
import { runs } from "../../api/stats";
import { useCall } from "../../api/use-call";
import { useClock } from "../../filters/clock";
import { useHref, useView } from "../../filters/use-view";
import { formatCount } from "../../format/number";
import { formatAgo, formatFull } from "../../format/time";
import { Answer } from "../../parts/answer";
import { Card } from "../../parts/card";
import { Cost } from "../../parts/money";
import { Empty, SkeletonRows } from "../../parts/states";
import { useRunHref } from "../paths";

export function RecentRuns({ className }: { className: string }) {
  const { view, period } = useView();
  const { now } = useClock();
  const href = useHref();
  const runHref = useRunHref();
  const call = runs(view, period, 8);
  const latest = useCall(call);
  return (
    <Card title="Latest runs" className={className} calls={[call]} flush actions={<Link className="small" href={href("/app/runs")}>All runs</Link>}>
      <Answer of={latest} waiting={<SkeletonRows rows={8} />}>
        {(rows) => rows.length === 0 ? <Empty title="No run began in this time"><p>Calls of this time belong to runs that began before it.</p></Empty> : (
          <table aria-label="Latest runs">
            <thead><tr><th>Run</th><th className="hide-phone">Began</th><th className="number">Calls</th><th className="number">Cost</th></tr></thead>
            <tbody>
              {rows.map((run) => (
                <tr key={`${run.tenant_id} ${run.run_id}`}>
                  <td>
                    <Link className="name mono" href={runHref(run)}>{run.run_id}</Link>
                    <div className="muted small truncate">{run.top_section ?? "no section"}{run.error_count > 0 && ` · ${formatCount(run.error_count)} failed`}</div>
                  </td>
                  <td className="hide-phone muted nowrap" title={formatFull(run.started_at)}>{formatAgo(run.started_at, now)}</td>
                  <td className="number">{formatCount(run.call_count)}</td>
                  <td className="number"><Cost of={run} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Answer>
    </Card>
  );
}
