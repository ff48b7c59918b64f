import { useMemo } from "react";
import { Link } from "wouter";
import { limits, type TenantLimits, type TenantStats, tenants } from "../api/tenants";
import { useCall } from "../api/use-call";
import { useClock } from "../filters/clock";
import { useHref, useParam } from "../filters/use-view";
import { type Usd, usd } from "../format/money";
import { formatCompact, formatCount } from "../format/number";
import { formatAgo, formatFull } from "../format/time";
import { Answer } from "../parts/answer";
import { Card } from "../parts/card";
import { Cost } from "../parts/money";
import { Segments } from "../parts/segments";
import { Empty } from "../parts/states";
import { type Column, Table } from "../parts/table";
import { UnpricedMark } from "../parts/unpriced";
import { Limits } from "./admin/limits";

const PERIODS = [{ value: "1", label: "Day" }, { value: "7", label: "Week" }, { value: "30", label: "30 days" }];

/** All tenants, for whoever runs the place. */
export default function Admin() {
  const [days, setDays] = useParam<string>("period", "30");
  const call = tenants(Number(days) || 30);
  const list = useCall<TenantStats[]>(call);
  const limited = useCall<TenantLimits>(limits());
  const columns = useColumns(limited.data);
  return (
    <>
      <div className="page-head"><h1>Tenants</h1></div>
      <Card
        title="Tenants, dearest first" calls={[call, limits()]} exportOf={call.url} flush
        actions={<Segments label="Period" options={PERIODS} value={days} onChange={setDays} />}
      >
        <Answer of={list}>
          {(rows) => <Table label="Tenants" columns={columns} rows={rows} empty={<Empty title="No tenant has sent anything"><p>A tenant comes to be with its first event, or with its first key under Settings.</p></Empty>} />}
        </Answer>
      </Card>
    </>
  );
}

function useColumns(limited: TenantLimits | undefined): Column<TenantStats>[] {
  const href = useHref();
  const { now } = useClock();
  return useMemo(() => [
    {
      id: "name", header: "Tenant", accessorKey: "tenant_id",
      cell: ({ getValue }) => <Link className="name" href={href("/", { tenant: getValue(), filters: {} })}>{getValue()}</Link>,
    },
    {
      id: "cost", header: "Cost", accessorFn: (row): Usd => usd(row.total_cost), meta: { number: true },
      cell: ({ row }) => <Cost of={row.original} />,
    },
    { id: "unpriced", header: "Unpriced", accessorKey: "unpriced_count", meta: { number: true, hide: "phone" }, cell: ({ getValue }) => <UnpricedMark count={getValue()} /> },
    { id: "calls", header: "Calls", accessorKey: "call_count", meta: { number: true }, cell: ({ getValue }) => <span title={formatCount(getValue())}>{formatCompact(getValue())}</span> },
    {
      id: "limits", header: "Limit", enableSorting: false, meta: { number: true, hide: "phone" },
      cell: ({ row }) => limited && <Limits of={limited.own[row.original.tenant_id] ?? limited.everyone} />,
    },
    {
      id: "seen", header: "Last seen", accessorKey: "last_seen", meta: { number: true, hide: "phone" },
      cell: ({ getValue }) => <span title={formatFull(getValue())}>{formatAgo(getValue(), now)}</span>,
    },
    { id: "keys", header: "", enableSorting: false, meta: { number: true, hide: "phone" }, cell: ({ row: { original: row } }) => <Link className="small" href={href("/app/settings", { tenant: row.tenant_id })}>Keys</Link> },
  ], [href, now, limited]);
}
