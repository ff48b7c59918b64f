import { formatShare } from "../format/number";

/** A share of the whole, as a bar and a number. */
export function Share({ percentage, colour }: { percentage: number; colour?: string }) {
  return (
    <span className="share">
      <span className="bar"><i style={{ width: `${Math.min(100, percentage)}%`, background: colour }} /></span>
      <span className="numeric muted">{formatShare(percentage / 100)}</span>
    </span>
  );
}
