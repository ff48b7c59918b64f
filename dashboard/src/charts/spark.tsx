/** A trend in the size of a word; on hover, the call that gave it. */
export function Spark({ values, label, source }: { values: number[]; label: string; source: string }) {
  if (values.length < 2) return null;
  const highest = Math.max(...values);
  const points = values.map((value, index) => {
    const y = highest === 0 ? 25 : 25 - (value / highest) * 22;
    return `${((index / (values.length - 1)) * 96).toFixed(1)} ${y.toFixed(1)}`;
  });
  return (
    <svg className="spark" viewBox="0 0 96 26" preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{`${label}\nGET ${source}`}</title>
      <path className="area" d={`M0 26L${points.join("L")}L96 26z`} />
      <path d={`M${points.join("L")}`} />
    </svg>
  );
}
