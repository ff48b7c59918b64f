/** Steps between labels, in hours; days begin on the reader's calendar. */
const HOURS = [0.25, 0.5, 1, 2, 3, 6, 12];
const DAYS = [1, 2, 7, 14, 28, 56];

/** Which buckets carry a label: at round times, no more than fit. */
export function labelledBuckets(starts: string[], interval: string, most: number): number[] {
  const fit = Math.max(1, most);
  if (interval !== "1w" && interval !== "1mo") {
    for (const rule of [...HOURS.map(everyHours), ...DAYS.map(everyDays)]) {
      const found = starts.flatMap((start, index) => (rule(new Date(start)) ? [index] : []));
      if (found.length > 0 && found.length <= fit) return found;
    }
  }
  const step = Math.ceil(starts.length / fit);
  return starts.flatMap((_, index) => (index % step === 0 ? [index] : []));
}

const everyHours = (hours: number) => (at: Date) => (at.getHours() * 60 + at.getMinutes()) % (hours * 60) === 0;

const everyDays = (days: number) => (at: Date) =>
  at.getHours() === 0 && at.getMinutes() === 0 && Math.round((at.getTime() - at.getTimezoneOffset() * 60_000) / 86_400_000) % days === 0;
