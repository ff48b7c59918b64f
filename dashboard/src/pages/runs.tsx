import { type FormEvent, useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import { type RunSummary, runs } from "../api/stats";
import { useList } from "../api/use-call";
import { useClock } from "../filters/clock";
import { useView } from "../filters/use-view";
import { type Usd, usd } from "../format/money";
import { formatCount, formatDuration, plural } from "../format/number";
import { formatAgo, formatFull } from "../format/time";
import { Answer } from "../parts/answer";
import { Card } from "../parts/card";
import { Icon } from "../parts/icons";
import { Cost } from "../parts/money";
import { NoCalls } from "../parts/no-calls";
import { type Column, Table } from "../parts/table";
import { UnpricedMark } from "../parts/unpriced";
import { useRunHref } from "./paths";

export default function Runs() {
  const { view, period } = useView();
  const call = runs(view, period, 100);
  const list = useList<RunSummary>(call);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.body), [list.data]);
  const columns = useColumns(view.tenant === null);
  return (
    <>
      <div className="page-head"><h1>Runs</h1><FindRun /></div>
      <Card title="Runs that began in this time" calls={[call]} exportOf={call.url} flush>
        <Answer of={{ ...list, data: rows }}>
          {(found) => (
            <Table
              label="Runs" columns={columns} rows={found} empty={<NoCalls what="runs" />}
              more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
            />
          )}
        </Answer>
      </Card>
    </>
  );
}

/** Straight to the run whose id someone has. */
function FindRun() {
  const [id, setId] = useState("");
  const [, navigate] = useLocation();
  const href = useRunHref();
  const go = (event: FormEvent) => {
    event.preventDefault();
    if (id.trim()) navigate(href({ run_id: id.trim() }));
  };
  return (
    <form role="search" className="row" onSubmit={go}>
      <input className="input short" style={{ width: 240 }} type="search" aria-label="Run id" placeholder="Go to a run by its id" value={id} onChange={(event) => setId(event.target.value)} />
      <button type="submit" className="button" aria-label="Find the run"><Icon name="search" /></button>
    </form>
  );
}

function useColumns(allTenants: boolean): Column<RunSummary>[] {
  const href = useRunHref();
  const { now } = useClock();
  return useMemo(() => [
    {
      id: "run", header: "Run", enableSorting: false, cell: ({ row: { original: run } }) => (
        <>
          <Link className="name mono" href={href(run)}>{run.run_id}</Link>
          {allTenants && <div className="muted small">{run.tenant_id}</div>}
          <div className="muted small phone-line">{formatAgo(run.started_at, now)} · {plural(run.call_count, "call")}</div>
        </>
      ),
    },
    {
      id: "sections", header: "Sections", enableSorting: false, meta: { hide: "phone" }, cell: ({ row: { original: run } }) => (
        <span className="row wrap" style={{ gap: 4 }}>
          {run.sections.slice(0, 3).map((section) => <span key={section} className="tag">{section}</span>)}
          {run.sections.length > 3 && <span className="muted small" title={run.sections.join(", ")}>+{run.sections.length - 3}</span>}
        </span>
      ),
    },
    { id: "started", header: "Began", accessorKey: "started_at", meta: { hide: "phone" }, cell: ({ getValue }) => <span className="muted nowrap" title={formatFull(getValue())}>{formatAgo(getValue(), now)}</span> },
    { id: "duration", header: "Took", meta: { number: true, hide: "phone" }, accessorFn: duration, cell: ({ getValue }) => formatDuration(getValue()) },
    { id: "calls", header: "Calls", accessorKey: "call_count", meta: { number: true, hide: "phone" }, cell: ({ getValue }) => formatCount(getValue()) },
    { id: "errors", header: "Failed", accessorKey: "error_count", meta: { number: true }, cell: ({ getValue }) => getValue() === 0 ? <span className="muted">0</span> : <span className="tag bad">{formatCount(getValue())}</span> },
    { id: "unpriced", header: "Unpriced", accessorKey: "unpriced_count", meta: { number: true, hide: "phone" }, cell: ({ getValue }) => <UnpricedMark count={getValue()} /> },
    {
      id: "cost", header: "Cost", accessorFn: (run): Usd => usd(run.total_cost), meta: { number: true },
      cell: ({ row }) => <Cost of={row.original} />,
    },
  ], [allTenants, href, now]);
}

function duration(run: RunSummary): number {
  return Date.parse(run.ended_at) - Date.parse(run.started_at);
}
