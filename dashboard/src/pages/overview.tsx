import { totals } from "../api/stats";
import { useCall } from "../api/use-call";
import { useView } from "../filters/use-view";
import { Failure } from "../parts/states";
import { NoCalls } from "../parts/no-calls";
import { Unpriced } from "../parts/unpriced";
import { CostOverTime } from "./overview/cost-over-time";
import { Movers } from "./overview/movers";
import { RecentRuns } from "./overview/recent-runs";
import { Summary } from "./overview/summary";

export function Overview() {
  const { view, period, before } = useView();
  const call = totals(view, period);
  const now = useCall(call);
  if (now.error && now.data === undefined) return <Failure problem={now.error} retry={() => void now.refetch()} />;
  const nothing = now.data?.call_count === 0 && now.data.unpriced_count === 0 && /^[0.]+$/.test(String(now.data.total_cost));
  return (
    <>
      <h1 className="visually-hidden">Overview</h1>
      <Summary of={now} call={call} />
      {nothing ? <NoCalls /> : (
        <>
          <CostOverTime />
          {/* Not above: what comes late must not move what someone is about to press. */}
          {now.data && <Unpriced count={now.data.unpriced_count} />}
          {/* Browsers ask six questions at a time: the figures on top come first. */}
          {now.data && (
            <div className="columns">
              <Movers className="span-6" before={before} />
              <RecentRuns className="span-6" />
            </div>
          )}
        </>
      )}
    </>
  );
}
