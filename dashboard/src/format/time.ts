/** The reader's own time zone: days on the page are days on their calendar. */
export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const dateTime = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});
const full = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export const formatDateTime = (at: string | Date) => dateTime.format(new Date(at));
export const formatFull = (at: string | Date) => full.format(new Date(at));
export const formatDay = (at: string | Date) => day.format(new Date(at));
export const formatMonth = (at: string | Date) => month.format(new Date(at));

/** A bucket's name on an axis: as much as tells it from its neighbours. */
export function formatBucket(start: string, interval: string): string {
  const at = new Date(start);
  if (interval === "1mo") return month.format(at);
  if (interval === "1d" || interval === "1w") return day.format(at);
  return at.getHours() === 0 && at.getMinutes() === 0 ? day.format(at) : clock.format(at);
}

/** The same, where it stands alone. */
export function formatBucketLong(start: string, interval: string): string {
  if (interval === "1mo") return formatMonth(start);
  if (interval === "1w") return `Week of ${day.format(new Date(start))}`;
  if (interval === "1d") return day.format(new Date(start));
  return formatDateTime(start);
}

/** "3 min ago". */
export function formatAgo(at: string | Date, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - new Date(at).getTime()) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}
