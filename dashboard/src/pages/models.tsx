import { useMemo } from "react";
import { Link } from "wouter";
import { byModel, byProvider, type ModelStats, type ProviderStats } from "../api/stats";
import { useCall, useList } from "../api/use-call";
import { useHref, useParam, useView } from "../filters/use-view";
import { withValue } from "../filters/view";
import { formatUsd, toFloat, type Usd, usd } from "../format/money";
import { formatCompact, formatCount, formatDuration } from "../format/number";
import { Answer } from "../parts/answer";
import { Card } from "../parts/card";
import { Delta } from "../parts/delta";
import { Cost } from "../parts/money";
import { NoCalls } from "../parts/no-calls";
import { Segments } from "../parts/segments";
import { Share } from "../parts/share";
import { Empty } from "../parts/states";
import { type Column, Table } from "../parts/table";
import { UnpricedMark } from "../parts/unpriced";
import { useBefore } from "./compared";
import { CostOverTime } from "./overview/cost-over-time";

const ALL = "all" as const;
const UNPRICED = "unpriced" as const;

export default function Models() {
  return (
    <>
      <div className="page-head"><h1>Providers & models</h1></div>
      <CostOverTime by="model" title="Cost by model over time" />
      <Providers />
      <ModelTable />
    </>
  );
}

function Providers() {
  const { view, period, before } = useView();
  const href = useHref();
  const [call, earlierCall] = [byProvider(view, period), before && byProvider(view, before)];
  const list = useCall<ProviderStats[]>(call);
  const earlier = useBefore(earlierCall, providerKey);
  const columns = useMemo((): Column<ProviderStats>[] => [
    {
      id: "name", header: "Provider", accessorKey: "provider", cell: ({ row: { original: row } }) => row.provider
        ? <Link className="name" href={href("/app/models", { filters: withValue(view.filters, "provider", [row.provider]) })}>{row.provider}</Link>
        : <span className="muted">None</span>,
    },
    ...shared<ProviderStats>(earlier, providerKey, before !== null),
  ], [earlier, before, href, view.filters]);
  return (
    <Card title="Providers" calls={[call, earlierCall]} exportOf={call.url} flush>
      <Answer of={list}>{(rows) => <Table label="Providers" columns={columns} rows={rows} empty={<NoCalls />} />}</Answer>
    </Card>
  );
}

function ModelTable() {
  const { view, period, before } = useView();
  const href = useHref();
  const [only, setOnly] = useParam<typeof ALL | typeof UNPRICED>("only", ALL);
  const [call, earlierCall] = [byModel(view, period), before && byModel(view, before)];
  const list = useList<ModelStats>(call);
  const earlier = useBefore(earlierCall, modelKey);
  const rows = useMemo(() => {
    const all = list.data?.pages.flatMap((page) => page.body);
    return only === UNPRICED ? all?.filter((row) => row.unpriced_count > 0) : all;
  }, [list.data, only]);
  const columns = useMemo((): Column<ModelStats>[] => [
    {
      id: "name", header: "Model", accessorKey: "model", cell: ({ row: { original: row } }) => (
        <>
          {row.model
            ? <Link className="name" href={href("/app/models", { filters: withValue(view.filters, "model", [row.model]) })}>{row.model}</Link>
            : <span className="muted">No model</span>}
          <div className="muted small">{row.provider ?? "no provider"}</div>
        </>
      ),
    },
    ...shared<ModelStats>(earlier, modelKey, before !== null),
    { id: "input", header: "Input tokens", accessorKey: "input_tokens", meta: { number: true, hide: "phone" }, cell: ({ getValue }) => <span title={formatCount(getValue())}>{formatCompact(getValue())}</span> },
    { id: "output", header: "Output tokens", accessorKey: "output_tokens", meta: { number: true, hide: "phone" }, cell: ({ getValue }) => <span title={formatCount(getValue())}>{formatCompact(getValue())}</span> },
    { id: "latency", header: "Avg latency", accessorKey: "avg_latency_ms", meta: { number: true, hide: "phone" }, cell: ({ getValue }) => formatDuration(getValue()) },
  ], [earlier, before, href, view.filters]);
  return (
    <Card
      title="Models" calls={[call, earlierCall]} exportOf={call.url} flush
      actions={<Segments label="Which models" value={only} onChange={setOnly} options={[{ value: ALL, label: "All" }, { value: UNPRICED, label: "Unpriced only" }]} />}
    >
      <Answer of={{ ...list, data: rows }}>
        {(found) => (
          <Table
            label="Models" columns={columns} rows={found} more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
            empty={only === UNPRICED
              ? <Empty title="Every call has a price"><p>Calls of models that the price book does not know would be listed here.</p></Empty>
              : <NoCalls />}
          />
        )}
      </Answer>
    </Card>
  );
}

const providerKey = (row: ProviderStats) => row.provider ?? "";
const modelKey = (row: ModelStats) => `${row.provider ?? ""}\n${row.model ?? ""}`;

interface Common {
  total_cost: string | number;
  unpriced_count: number;
  call_count: number;
  percentage: number;
}

/** The columns that every table of costs has; the change is empty until the time before is known. */
export function shared<T extends Common>(earlier: Map<string, Usd> | null, key: (row: T) => string, compared: boolean): Column<T>[] {
  const before = (row: T) => earlier?.get(key(row)) ?? 0n;
  return [
    {
      id: "cost", header: "Cost", accessorFn: (row): Usd => usd(row.total_cost), meta: { number: true },
      cell: ({ row }) => <Cost of={row.original} />,
    },
    { id: "unpriced", header: "Unpriced", accessorKey: "unpriced_count", meta: { number: true, hide: "phone" }, cell: ({ getValue }) => <UnpricedMark count={getValue()} /> },
    { id: "share", header: "Share", accessorKey: "percentage", meta: { hide: "phone" }, cell: ({ getValue }) => <Share percentage={getValue()} /> },
    ...(compared ? [{
      id: "change", header: "Change", meta: { number: true }, accessorFn: (row: T) => toFloat(usd(row.total_cost) - before(row)),
      cell: ({ row: { original: row } }: { row: { original: T } }) => earlier && (
        <span title={`Before: ${formatUsd(before(row))}`}><Delta now={toFloat(usd(row.total_cost))} before={toFloat(before(row))} good="down" /></span>
      ),
    }] : []),
    { id: "calls", header: "Calls", accessorKey: "call_count", meta: { number: true }, cell: ({ getValue }) => <span title={formatCount(getValue())}>{formatCompact(getValue())}</span> },
  ];
}
