const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const oneDecimal = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });

export function formatCount(count: number): string {
  return whole.format(count);
}

/** "1 call", "2,000 calls". */
export function plural(count: number, one: string): string {
  return `${whole.format(count)} ${one}${count === 1 ? "" : "s"}`;
}

/** Short, for places where the whole number is a hover away. */
export function formatCompact(count: number): string {
  return count < 1_000_000 ? whole.format(count) : compact.format(count);
}

/** `ratio` of 1, as a percentage. */
export function formatShare(ratio: number): string {
  const percent = ratio * 100;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  return `${oneDecimal.format(percent)}%`;
}

/** Milliseconds, in the unit that people would choose. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1) return `${ms.toPrecision(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The relative change from `before` to `now`; null where there was nothing to compare with. */
export function relativeChange(now: number, before: number): number | null {
  return before === 0 ? null : (now - before) / before;
}

export function formatChange(change: number): string {
  const percent = change * 100;
  const sign = percent > 0 ? "+" : percent < 0 ? "−" : "";
  const size = Math.abs(percent);
  if (size >= 1000) return `${sign}${compact.format(Math.round(size))}%`;
  return `${sign}${size >= 10 ? Math.round(size) : size.toFixed(1)}%`;
}
