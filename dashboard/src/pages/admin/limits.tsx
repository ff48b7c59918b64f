import type { SendLimits } from "../../api/tenants";
import { formatCompact, formatCount } from "../../format/number";

const UNITS: [keyof SendLimits, string][] = [
  ["events_per_second", "events"], ["requests_per_second", "requests"], ["bytes_per_second", "bytes"],
];

/** How much a tenant may send: the first limit that it has, all of them on hover. */
export function Limits({ of }: { of: SendLimits }) {
  const set = UNITS.flatMap(([name, unit]) => (of[name] ? [{ rate: of[name], unit }] : []));
  const [first] = set;
  if (!first) return <span className="muted">none</span>;
  const told = set.map(({ rate, unit }) => `${formatCount(rate)} ${unit} a second`).join(", ");
  return <span title={told}>{formatCompact(first.rate)} {first.unit}/s{set.length > 1 && ` +${set.length - 1}`}</span>;
}
