import { formatChange, relativeChange } from "../format/number";
import { Icon } from "./icons";

interface Props {
  now: number;
  before: number | null | undefined;
  /** Which direction is welcome; neither, when the change says nothing by itself. */
  good?: "up" | "down";
}

/** The change against the period before. */
export function Delta({ now, before, good }: Props) {
  if (before === null || before === undefined) return null;
  const change = relativeChange(now, before);
  if (change === null) {
    return <span className="delta flat">{now === 0 ? "no change" : "new"}</span>;
  }
  const direction = change > 0 ? "up" : "down";
  const flat = Math.abs(change) < 0.0005;
  const mood = flat || !good ? "" : direction === good ? "good" : "bad";
  return (
    <span className={`delta ${flat ? "flat" : mood}`}>
      {!flat && <Icon name={direction} size={13} />}
      {flat ? "no change" : formatChange(change)}
    </span>
  );
}
