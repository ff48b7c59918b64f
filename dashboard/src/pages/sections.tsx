import { useMemo } from "react";
import { Link } from "wouter";
import { bySection, type SectionStats } from "../api/stats";
import { useList } from "../api/use-call";
import { sectionTree, type SectionNode } from "../charts/section-tree";
import { TreeMap } from "../charts/treemap";
import { useHref, useView } from "../filters/use-view";
import { subtree, withValue } from "../filters/view";
import { type Usd } from "../format/money";
import { formatDuration } from "../format/number";
import { Answer } from "../parts/answer";
import { Card } from "../parts/card";
import { Money } from "../parts/money";
import { Path } from "../parts/path";
import { NoCalls } from "../parts/no-calls";
import { Empty, Skeleton } from "../parts/states";
import { type Column, Table } from "../parts/table";
import { useBefore } from "./compared";
import { shared } from "./models";

export default function Sections() {
  const { view, period, before } = useView();
  const href = useHref();
  const [call, earlierCall] = [bySection(view, period), before && bySection(view, before)];
  const list = useList<SectionStats>(call);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.body), [list.data]);
  const tree = useMemo(() => rows && sectionTree(rows), [rows]);
  const only = (path: string) => href("/app/sections", { filters: withValue(view.filters, "section", [subtree(path)]) });
  return (
    <>
      <div className="page-head"><h1>Sections</h1></div>
      <Card title="Where the money goes" calls={[call]}>
        <Answer of={{ ...list, data: tree }} waiting={<Skeleton height={320} />}>
          {(found) => found.some((node) => node.total > 0n)
            ? <TreeMap tree={found} href={(node) => only(node.path)} />
            : (
              <Empty title="No costs of sections in this time">
                <p>Sections are the parts of your product: <code>with llmobserve.section("agent:support")</code> in Python, or the header <code>X-LLMObserve-Section</code>.</p>
              </Empty>
            )}
        </Answer>
      </Card>
      <Card title="Sections" calls={[call, earlierCall]} exportOf={call.url} flush>
        <Answer of={{ ...list, data: rows }}>
          {(found) => (
            <SectionTable
              rows={found} tree={tree ?? []} only={only} earlier={earlierCall}
              more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
            />
          )}
        </Answer>
      </Card>
    </>
  );
}

interface TableProps {
  rows: SectionStats[];
  tree: SectionNode[];
  only(path: string): string;
  earlier: ReturnType<typeof bySection> | null;
  more: (() => void) | undefined;
}

function SectionTable({ rows, tree, only, earlier: earlierCall, more }: TableProps) {
  const earlier = useBefore(earlierCall, sectionKey);
  const totals = useMemo(() => rolledUp(tree), [tree]);
  const compared = earlierCall !== null;
  const columns = useMemo((): Column<SectionStats>[] => {
    const [cost, ...rest] = shared<SectionStats>(earlier, sectionKey, compared);
    return [
      {
        id: "name", header: "Section", accessorKey: "section_path", cell: ({ row: { original: row } }) => row.section_path ? (
          <>
            <Link className="name" href={only(row.section_path)}>{row.section}</Link>
            {row.section_path !== row.section && <div className="muted small"><Path of={row.section_path} /></div>}
          </>
        ) : <span className="muted">Outside of any section</span>,
      },
      { ...cost, header: "Own cost" } as Column<SectionStats>,
      {
        id: "total", header: "With sections below", meta: { number: true, hide: "phone" },
        accessorFn: (row): Usd | undefined => totals.get(row.section_path ?? ""),
        cell: ({ getValue }) => getValue() === undefined ? <span className="muted">–</span> : <Money amount={getValue()} />,
      },
      ...rest,
      { id: "latency", header: "Avg latency", accessorKey: "avg_latency_ms", meta: { number: true, hide: "phone" }, cell: ({ getValue }) => formatDuration(getValue()) },
    ];
  }, [earlier, compared, totals, only]);
  return <Table label="Sections" columns={columns} rows={rows} more={more} empty={<NoCalls />} />;
}

const sectionKey = (row: SectionStats) => row.section_path ?? "";

function rolledUp(nodes: SectionNode[], into = new Map<string, Usd>()): Map<string, Usd> {
  for (const node of nodes) {
    into.set(node.path, node.total);
    rolledUp(node.children, into);
  }
  return into;
}
