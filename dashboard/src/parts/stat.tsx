import type { ReactNode } from "react";
import { ApiLink, type Source } from "./api-link";
import { Skeleton } from "./states";

interface Props {
  label: string;
  calls: Source[];
  value: ReactNode;
  /** Below the value: the change. */
  foot?: ReactNode;
  /** The value of the period before. */
  before?: ReactNode;
  wide?: boolean;
  stale?: boolean;
}

/** One figure. */
export function Stat({ label, calls, value, foot, before, wide, stale }: Props) {
  return (
    <section className={`card stat ${wide ? "wide" : ""}`} aria-label={label}>
      <div className="stat-head"><span>{label}</span><ApiLink calls={calls} of={label} /></div>
      <div className={`stat-value ${stale ? "stale" : ""}`}>{value ?? <Skeleton height={30} width="60%" />}</div>
      <div className="stat-foot">
        {foot}
        {before !== undefined && before !== null && before !== false && <span className="muted nowrap">from {before}</span>}
      </div>
    </section>
  );
}
