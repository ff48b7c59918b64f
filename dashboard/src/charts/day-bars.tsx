const [WIDTH, HEIGHT, GAP] = [264, 64, 2];

interface Props {
  /** One figure a day, the day in question last; null where too little happened. */
  values: (number | null)[];
  /** What was expected of the last day, and between which figures a day usually lies. */
  expected: number | null;
  usual: [number, number] | null;
  /** What a day shows on hover. */
  title(index: number): string;
  label: string;
  colour: string;
}

/** Some weeks as bars, the last day in a colour of its own, before what is usual. */
export function DayBars({ values, expected, usual, title, label, colour }: Props) {
  const highest = Math.max(...values.map((value) => value ?? 0), usual?.[1] ?? 0) || 1;
  const step = WIDTH / values.length;
  const y = (value: number) => HEIGHT - (value / highest) * (HEIGHT - 2);
  return (
    <div className="day-bars">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {usual && <rect className="usual" x={0} width={WIDTH} y={y(usual[1])} height={Math.max(2, y(usual[0]) - y(usual[1]))} />}
        {values.map((value, index) => value !== null && (
          <rect
            key={index} className={index < values.length - 1 ? "past" : ""} x={index * step} width={step - GAP} y={y(value)} height={HEIGHT - y(value)}
            style={index < values.length - 1 ? undefined : { fill: colour }}
          >
            <title>{title(index)}</title>
          </rect>
        ))}
        {expected !== null && <line className="expected" x2={WIDTH} y1={y(expected)} y2={y(expected)} vectorEffect="non-scaling-stroke" />}
      </svg>
      <div className="row spread"><span>{values.length - 1} days before</span><span>the day</span></div>
    </div>
  );
}
