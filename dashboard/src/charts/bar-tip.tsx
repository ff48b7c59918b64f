import { formatCount, plural } from "../format/number";
import { Money } from "../parts/money";
import { REST_COLOUR, seriesColour } from "./palette";
import { groupLabel, OTHER, type Stack } from "./series";

interface Props {
  bucket: Stack["buckets"][number];
  groups: Stack["groups"];
  title: string;
  /** The bar's middle, in a chart so wide. */
  at: number;
  width: number;
}

/** What one bar is made of. */
export function BarTip({ bucket, groups, title, at, width }: Props) {
  const left = at < width / 2;
  return (
    <div className="chart-tip" style={left ? { left: at + 14, top: 0 } : { right: width - at + 14, top: 0 }}>
      <div className="head"><span>{title}</span><Money amount={bucket.total} /></div>
      {groups.map((group, index) => {
        const part = bucket.parts[index] ?? 0n;
        if (part === 0n || groups.length === 1) return null;
        return (
          <div key={group.name} className="line">
            <i className="dot" style={{ background: group.name === OTHER ? REST_COLOUR : seriesColour(index) }} />
            <span className="truncate">{groupLabel(group.name)}</span>
            <Money amount={part} />
          </div>
        );
      })}
      <div className="muted">
        {plural(bucket.calls, "call")}{bucket.unpriced > 0 && `, ${formatCount(bucket.unpriced)} unpriced`}
      </div>
    </div>
  );
}
