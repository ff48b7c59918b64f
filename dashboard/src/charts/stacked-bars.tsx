import { scaleBand, scaleLinear } from "d3-scale";
import { useMemo, useState } from "react";
import { formatTick, formatUsd, toFloat } from "../format/money";
import { formatBucket, formatBucketLong } from "../format/time";
import { REST_COLOUR, seriesColour } from "./palette";
import { BarTip } from "./bar-tip";
import { labelledBuckets } from "./ticks";
import { groupLabel, OTHER, type Stack } from "./series";
import { useWidth } from "./use-width";

const HEIGHT = 260;
const MARGIN = { top: 8, right: 2, bottom: 22, left: 52 };
/** Room that a name below the axis needs. */
const LABEL_WIDTH = 74;

interface Props {
  stack: Stack;
  label: string;
  /** Someone wants to see one bar's time alone. */
  onPick?(index: number): void;
}

/** Cost over time. With the keyboard: arrows walk from bar to bar, Enter picks one. */
export function StackedBars({ stack, label, onPick }: Props) {
  const [element, width] = useWidth<HTMLDivElement>();
  const [active, setActive] = useState<number | null>(null);
  const { buckets, groups, interval } = stack;
  const inner = Math.max(0, width - MARGIN.left - MARGIN.right);
  const bottom = HEIGHT - MARGIN.bottom;
  const x = scaleBand<number>().domain(buckets.keys()).range([0, inner]).paddingInner(buckets.length > 120 ? 0.1 : 0.22).paddingOuter(0.1);
  const highest = Math.max(...buckets.map((bucket) => toFloat(bucket.total)), 0);
  const y = scaleLinear().domain([0, highest || 1]).nice(4).range([bottom, MARGIN.top]);
  const labelled = useMemo(
    () => new Set(labelledBuckets(buckets.map((bucket) => bucket.start), interval, Math.floor(inner / LABEL_WIDTH))),
    [buckets, interval, inner],
  );
  const shown = active === null ? undefined : buckets[active];

  const walk = (key: string) => {
    const last = buckets.length - 1;
    const steps: Record<string, number> = { ArrowLeft: Math.max(0, (active ?? 1) - 1), ArrowRight: Math.min(last, (active ?? -1) + 1), Home: 0, End: last };
    if (key in steps) setActive(steps[key] ?? null);
    if (key === "Escape") setActive(null);
    if (key === "Enter" && active !== null) onPick?.(active);
    return key in steps;
  };

  return (
    <div
      ref={element} className="chart" style={{ minHeight: HEIGHT }} tabIndex={0} role="application" aria-roledescription="bar chart"
      aria-label={`${label}: ${buckets.length} bars. Arrow keys walk along them.`}
      onKeyDown={(event) => walk(event.key) && event.preventDefault()} onBlur={() => setActive(null)} onPointerLeave={() => setActive(null)}
    >
      {width > 0 && (
        <svg width={width} height={HEIGHT} aria-hidden="true">
          <g transform={`translate(${MARGIN.left} 0)`}>
            <g className="grid">
              {y.ticks(4).map((tick) => (
                <g key={tick} transform={`translate(0 ${y(tick)})`}>
                  <line x2={inner} />
                  <text x={-8} dy="0.32em" textAnchor="end">{formatTick(tick)}</text>
                </g>
              ))}
            </g>
            {buckets.map((bucket, index) => labelled.has(index) && (
              <text key={bucket.start} x={(x(index) ?? 0) + x.bandwidth() / 2} y={HEIGHT - 5} textAnchor="middle">{formatBucket(bucket.start, interval)}</text>
            ))}
            {active !== null && <rect className="band" x={(x(active) ?? 0) - 2} width={x.bandwidth() + 4} y={0} height={bottom} />}
            {groups.map((group, index) => (
              <path key={group.name} d={bars(stack, index, x, y)} fill={group.name === OTHER ? REST_COLOUR : seriesColour(index)} />
            ))}
            {buckets.map((bucket, index) => (
              <rect
                key={bucket.start} className="hit" x={(x(index) ?? 0) - (x.step() - x.bandwidth()) / 2} width={x.step()} y={0} height={bottom}
                style={{ cursor: onPick ? "zoom-in" : undefined }}
                onPointerEnter={() => setActive(index)} onClick={() => onPick?.(index)}
              />
            ))}
          </g>
        </svg>
      )}
      {shown && active !== null && (
        <BarTip bucket={shown} groups={groups} title={formatBucketLong(shown.start, interval)} at={MARGIN.left + (x(active) ?? 0) + x.bandwidth() / 2} width={width} />
      )}
      <p className="visually-hidden" aria-live="polite">
        {shown && `${formatBucketLong(shown.start, interval)}: ${formatUsd(shown.total)}; ${groups.map((group, index) => `${groupLabel(group.name)} ${formatUsd(shown.parts[index] ?? 0n)}`).join(", ")}`}
      </p>
    </div>
  );
}

/** All bars of one group as one path, each on top of the groups before it. */
function bars(stack: Stack, group: number, x: (index: number) => number | undefined, y: (value: number) => number): string {
  const width = (x as unknown as { bandwidth(): number }).bandwidth();
  return stack.buckets.map((bucket, index) => {
    const below = bucket.parts.slice(0, group).reduce((sum, part) => sum + part, 0n);
    const part = bucket.parts[group] ?? 0n;
    if (part === 0n) return "";
    const [top, bottom] = [y(toFloat(below + part)), y(toFloat(below))];
    // A hair of the surface between two groups tells them apart where colours do not.
    const gap = group > 0 && bottom - top > 2 ? 1 : 0;
    return `M${x(index)} ${bottom - gap}V${top}h${width}V${bottom - gap}z`;
  }).join("");
}
