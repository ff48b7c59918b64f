import { Link } from "wouter";
import { useHref, useView } from "../../filters/use-view";
import type { Filters } from "../../filters/view";
import { formatCount, formatShare } from "../../format/number";
import { Card } from "../../parts/card";
import { Cost } from "../../parts/money";
import { Path } from "../../parts/path";
import { Empty } from "../../parts/states";

interface Row {
  name: string | null | undefined;
  total_cost: string | number;
  unpriced_count: number;
  percentage: number;
}

interface Props {
  title: string;
  className?: string;
  calls: { url: string }[];
  rows: Row[];
  filter(name: string): Filters;
}

/** What something was made of, dearest first. */
export function Breakdown({ title, className, calls, rows, filter }: Props) {
  const href = useHref();
  const { view } = useView();
  return (
    <Card title={title} className={className} calls={calls} flush>
      {rows.length === 0 ? <Empty title="Nothing here" /> : (
        <table aria-label={title}>
          <tbody>
            {rows.map((row, index) => (
              <tr key={`${row.name} ${index}`}>
                <td>
                  {row.name
                    ? <Link className="name" href={href("/", { filters: { ...view.filters, ...filter(row.name) } })}><Path of={row.name} /></Link>
                    : <span className="muted">None</span>}
                  {row.unpriced_count > 0 && <div className="muted small">{formatCount(row.unpriced_count)} unpriced</div>}
                </td>
                <td className="number muted tight">{formatShare(row.percentage / 100)}</td>
                <td className="number tight"><Cost of={row} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
