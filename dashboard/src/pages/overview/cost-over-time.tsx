import { useMemo } from "react";
import type { Dimension } from "../../api/stats";
import { useCall } from "../../api/use-call";
import { Legend } from "../../charts/legend";
import { stack } from "../../charts/series";
import { StackedBars } from "../../charts/stacked-bars";
import { useParam, useView } from "../../filters/use-view";
import { type Facet, subtree, withValue } from "../../filters/view";
import { Answer } from "../../parts/answer";
import { Card } from "../../parts/card";
import { Segments } from "../../parts/segments";
import { Skeleton } from "../../parts/states";
import { costOverTime, DIMENSIONS, known } from "./questions";

const FACET_OF: Record<Dimension, Facet> = { provider: "provider", model: "model", section: "section", customer: "customer_id" };

interface Props {
  /** Always by this, instead of what the reader chooses. */
  by?: Dimension;
  title?: string;
}

export function CostOverTime({ by, title = "Cost over time" }: Props) {
  const { view, change, period } = useView();
  const [chosen, setChosen] = useParam<Dimension>("by", "provider");
  const dimension = by ?? known(chosen);
  const call = costOverTime(view, period, dimension);
  const series = useCall(call);
  const bars = useMemo(() => series.data && stack(series.data), [series.data]);

  const zoom = (index: number) => {
    const [start, end] = [bars?.buckets[index]?.start, bars?.buckets[index + 1]?.start ?? period.to];
    if (start && Date.parse(start) < Date.parse(end)) change({ range: { kind: "between", from: utc(start), to: utc(end) } });
  };
  const only = (name: string) => {
    const facet = FACET_OF[dimension];
    change({ filters: withValue(view.filters, facet, [facet === "section" ? subtree(name) : name]) });
  };
  return (
    <Card
      title={title} calls={[call]} exportOf={call.url}
      actions={!by && <Segments label="Stacked by" options={DIMENSIONS} value={dimension} onChange={setChosen} />}
    >
      <Answer of={series} waiting={<Skeleton height={290} />}>
        {() => bars && (
          <>
            <StackedBars stack={bars} label={`${title} by ${dimension}`} onPick={bars.interval === "1m" ? undefined : zoom} />
            <Legend groups={bars.groups} onPick={only} />
          </>
        )}
      </Answer>
    </Card>
  );
}

function utc(at: string): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}
