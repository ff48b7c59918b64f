import { useMemo } from "react";
import { Link } from "wouter";
import { byCustomer, type CustomerStats } from "../api/stats";
import { useList } from "../api/use-call";
import { useHref, useView } from "../filters/use-view";
import { formatDuration } from "../format/number";
import { Answer } from "../parts/answer";
import { Card } from "../parts/card";
import { NoCalls } from "../parts/no-calls";
import { Empty } from "../parts/states";
import { type Column, Table } from "../parts/table";
import { useBefore } from "./compared";
import { Trend } from "./customers/trend";
import { shared } from "./models";
import { customerPath } from "./paths";

export default function Customers() {
  const { view, period, before } = useView();
  const href = useHref();
  const [call, earlierCall] = [byCustomer(view, period), before && byCustomer(view, before)];
  const list = useList<CustomerStats>(call);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.body), [list.data]);
  const earlier = useBefore(earlierCall, customerKey);
  const order = useMemo(() => rows?.flatMap((row) => row.customer_id ?? []) ?? [], [rows]);
  const columns = useMemo((): Column<CustomerStats>[] => [
    {
      id: "name", header: "Customer", accessorKey: "customer_id", cell: ({ row: { original: row } }) => row.customer_id
        ? <Link className="name" href={href(customerPath(row.customer_id))}>{row.customer_id}</Link>
        : <span className="muted">No customer</span>,
    },
    { id: "trend", header: "Trend", enableSorting: false, meta: { hide: "phone" }, cell: ({ row: { original: row } }) => row.customer_id && <Trend customer={row.customer_id} order={order} /> },
    ...shared<CustomerStats>(earlier, customerKey, before !== null),
    { id: "latency", header: "Avg latency", accessorKey: "avg_latency_ms", meta: { number: true, hide: "phone" }, cell: ({ getValue }) => formatDuration(getValue()) },
  ], [earlier, before, href, order]);
  return (
    <>
      <div className="page-head"><h1>Customers</h1></div>
      <Card title="Customers, dearest first" calls={[call, earlierCall]} exportOf={call.url} flush>
        <Answer of={{ ...list, data: rows }}>
          {(found) => (
            <>
              <Table
                label="Customers" columns={columns} rows={found} empty={<NoCalls />}
                more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
              />
              {found.length === 1 && found[0]?.customer_id == null && (
                <Empty title="No call names a customer">
                  <p>Say for whom a call is made, and its cost is theirs: <code>llmobserve.set_customer_id("…")</code> in Python, the field <code>customer_id</code>, or the header <code>X-LLMObserve-Customer-ID</code>.</p>
                </Empty>
              )}
            </>
          )}
        </Answer>
      </Card>
    </>
  );
}

const customerKey = (row: CustomerStats) => row.customer_id ?? "";
