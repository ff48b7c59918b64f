import { useMemo } from "react";
import { Link } from "wouter";
import { byCustomer, byModel, byProvider, bySection } from "../../api/stats";
import { useCall } from "../../api/use-call";
import type { Period } from "../../filters/range";
import { useHref, useView } from "../../filters/use-view";
import { type Facet, FACET_LABELS, subtree, withValue } from "../../filters/view";
import { formatUsd, size, toFloat, type Usd, usd } from "../../format/money";
import { Card } from "../../parts/card";
import { Delta } from "../../parts/delta";
import { Money } from "../../parts/money";
import { Path } from "../../parts/path";
import { Empty, SkeletonRows } from "../../parts/states";

/** Groups of each kind that are compared: what is not among the dearest did not move much. */
const COMPARED = 200;
const SHOWN = 8;

interface Mover {
  facet: Facet;
  name: string;
  now: Usd;
  before: Usd;
}

/** What makes the difference to the period before, whatever kind of thing it is. */
export function Movers({ className, before }: { className: string; before: Period | null }) {
  const { view, period } = useView();
  const pair = <T,>(ask: (period: Period) => T): [T, T | null] => [ask(period), before && ask(before)];
  const customers = useMoved("customer_id", pair((p) => byCustomer(view, p, COMPARED)), (row) => row.customer_id);
  const sections = useMoved("section", pair((p) => bySection(view, p, COMPARED)), (row) => row.section_path);
  const models = useMoved("model", pair((p) => byModel(view, p, COMPARED)), (row) => row.model);
  const providers = useMoved("provider", pair((p) => byProvider(view, p, COMPARED)), (row) => row.provider);
  const all = [customers, sections, models, providers];
  const movers = useMemo(() => all.flatMap((kind) => kind.movers ?? [])
    .sort((a, b) => (size(a.now - a.before) < size(b.now - b.before) ? 1 : -1)).slice(0, SHOWN),
  [customers.movers, sections.movers, models.movers, providers.movers]);
  const complete = all.every((kind) => kind.movers);
  return (
    <Card title="Top movers" className={className} calls={all.flatMap((kind) => kind.calls)} flush>
      {!before ? <Empty title="Nothing to compare with"><p>Switch on “Compare with the period before” in the time menu.</p></Empty>
        : !complete ? <SkeletonRows rows={SHOWN} />
        : movers.length === 0 ? <Empty title="Nothing changed"><p>Costs are the same as in the period before.</p></Empty>
        : (
          <table aria-label="Top movers">
            <thead><tr><th>What</th><th className="number hide-phone">Before</th><th className="number">Now</th><th className="number">Change</th></tr></thead>
            <tbody>{movers.map((mover) => <MoverRow key={`${mover.facet} ${mover.name}`} mover={mover} />)}</tbody>
          </table>
        )}
    </Card>
  );
}

function MoverRow({ mover }: { mover: Mover }) {
  const href = useHref();
  const { view } = useView();
  const value = mover.facet === "section" ? subtree(mover.name) : mover.name;
  const difference = mover.now - mover.before;
  return (
    <tr>
      <td>
        <Link className="name" href={href("/", { filters: withValue(view.filters, mover.facet, [value]) })}><Path of={mover.name} /></Link>
        <div className="muted small">{FACET_LABELS[mover.facet]}</div>
      </td>
      <td className="number hide-phone"><Money amount={mover.before} /></td>
      <td className="number"><Money amount={mover.now} /></td>
      <td className="number">
        <div title={`${difference > 0n ? "+" : ""}${formatUsd(difference)}`}>{difference > 0n ? "+" : ""}<Money amount={difference} /></div>
        <Delta now={toFloat(mover.now)} before={toFloat(mover.before)} good="down" />
      </td>
    </tr>
  );
}

function useMoved<T extends { total_cost: string | number }>(
  facet: Facet,
  [call, earlierCall]: [{ url: string; answer?: T[] }, { url: string; answer?: T[] } | null],
  name: (row: T) => string | null | undefined,
) {
  const now = useCall<T[]>(call).data;
  const earlier = useCall<T[]>(earlierCall, { past: true }).data;
  const movers = useMemo(() => {
    if (!now || !earlier) return undefined;
    const costs = new Map<string, { now: Usd; before: Usd }>();
    const add = (rows: T[], when: "now" | "before") => {
      for (const row of rows) {
        const key = name(row);
        if (!key) continue;
        const entry = costs.get(key) ?? { now: 0n, before: 0n };
        entry[when] += usd(row.total_cost);
        costs.set(key, entry);
      }
    };
    add(now, "now");
    add(earlier, "before");
    return [...costs].map(([key, cost]): Mover => ({ facet, name: key, ...cost })).filter((mover) => mover.now !== mover.before);
  }, [now, earlier, facet]);
  return { movers, calls: [call, earlierCall] };
}
