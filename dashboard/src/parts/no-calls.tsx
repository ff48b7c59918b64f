import { Link } from "wouter";
import { useHref, useView } from "../filters/use-view";
import { countFilters } from "../filters/view";
import { Empty } from "./states";

/** Nothing in this view: the likely reasons and the way on. */
export function NoCalls({ what = "calls" }: { what?: string }) {
  const { view, change } = useView();
  const href = useHref();
  const filtered = countFilters(view.filters) > 0;
  return (
    <div className="card">
      <Empty title={`No ${what} ${filtered ? "match these filters" : "in this time"}`}>
        <p>
          {filtered
            ? "Take a filter away, or look at a longer time."
            : "Look at a longer time, or connect your application: a new call shows up here within two seconds."}
        </p>
        <div className="row wrap" style={{ justifyContent: "center" }}>
          {filtered && <button type="button" className="button" onClick={() => change({ filters: {} })}>Clear the filters</button>}
          <button type="button" className="button" onClick={() => change({ range: { kind: "days", count: 30 } })}>Last 30 days</button>
          <Link className="button primary" href={href("/app/settings")}>Connect your application</Link>
        </div>
      </Empty>
    </div>
  );
}
