import { Link } from "wouter";
import { useHref } from "../filters/use-view";
import { formatCount } from "../format/number";
import { Icon } from "./icons";

/** Usage of unknown price is said, never shown as nothing. */
export function Unpriced({ count }: { count: number }) {
  const href = useHref();
  if (count === 0) return null;
  return (
    <div className="notice" role="note">
      <Icon name="warning" />
      <span>
        <b data-testid="unpriced-count">{formatCount(count)}</b> {count === 1 ? "call has" : "calls have"} no known price and {count === 1 ? "is" : "are"} not part of the costs here.
      </span>
      <Link href={href("/app/models", {}, { only: "unpriced" })}>See which</Link>
    </div>
  );
}

/** The same in the row of a table. */
export function UnpricedMark({ count }: { count: number }) {
  if (count === 0) return <span className="muted">0</span>;
  return <span className="tag warn" title={`${formatCount(count)} calls of unknown price`}>{formatCount(count)}</span>;
}
