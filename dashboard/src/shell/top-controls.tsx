import * as Popover from "@radix-ui/react-popover";
import { type FormEvent, useState } from "react";
import { useClock } from "../filters/clock";
import { PRESETS, type TimeRange, thisMonth } from "../filters/range";
import { useView } from "../filters/use-view";
import { formatDateTime, formatDay, formatMonth } from "../format/time";
import { Icon } from "../parts/icons";

/** Whether the page follows the time by itself. */
export function LiveButton() {
  const { live, setLive, refresh } = useClock();
  const { view } = useView();
  if (view.range.kind === "between") return null;
  return (
    <>
      <button type="button" className="button quiet" aria-pressed={live} onClick={() => setLive(!live)} title={live ? "New data appears by itself" : "The page stands still"}>
        <span className="live-dot" /> Live
      </button>
      {!live && (
        <button type="button" className="button quiet icon" aria-label="Refresh" onClick={refresh}><Icon name="refresh" /></button>
      )}
    </>
  );
}

/** The time, and whether it is compared with the time before. */
export function RangeControls() {
  const { view, change } = useView();
  const { now } = useClock();
  const [open, setOpen] = useState(false);
  const months = [thisMonth(now), thisMonth(now, 1)];
  const pick = (range: TimeRange) => {
    change({ range });
    setOpen(false);
  };
  return (
    <>
      <button
        type="button" className="button quiet wide-only" aria-pressed={view.compare}
        onClick={() => change({ compare: !view.compare })} title="Compare with the period before"
      >
        <span className="toggle-mark"><Icon name="done" size={11} /></span> Compare
      </button>
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger asChild>
          <button type="button" className="button" aria-label={`Time range: ${rangeLabel(view.range)}`}>
            <span className="wide-only">{rangeLabel(view.range)}</span><span className="narrow-only">{shortLabel(view.range)}</span>
            <Icon name="expand" size={14} />
          </button>
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content className="popover range" align="end" sideOffset={4} collisionPadding={12}>
            {PRESETS.map((preset) => (
              <button key={preset.label} type="button" className="menu-item" aria-current={same(preset.range, view.range)} onClick={() => pick(preset.range)}>
                {preset.label}
              </button>
            ))}
            {months.map((range, back) => (
              <button key={back} type="button" className="menu-item" aria-current={same(range, view.range)} onClick={() => pick(range)}>
                {back === 0 ? "This month" : "Last month"} <span className="muted">{rangeLabel(range)}</span>
              </button>
            ))}
            <div className="menu-rule" />
            <CustomRange pick={pick} />
            <div className="menu-rule" />
            <label className="check">
              <input type="checkbox" checked={view.compare} onChange={() => change({ compare: !view.compare })} />
              Compare with the period before
            </label>
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
    </>
  );
}

function CustomRange({ pick }: { pick(range: TimeRange): void }) {
  const { period } = useView();
  const [from, setFrom] = useState(() => forInput(period.from));
  const [to, setTo] = useState(() => forInput(period.to));
  const valid = Date.parse(from) < Date.parse(to);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const instant = (local: string) => new Date(local).toISOString().replace(".000Z", "Z");
    if (valid) pick({ kind: "between", from: instant(from), to: instant(to) });
  };
  return (
    <form className="range-custom" onSubmit={submit}>
      <label className="field"><span>From</span><input className="input short" type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} /></label>
      <label className="field"><span>Until</span><input className="input short" type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} /></label>
      <button type="submit" className="button" disabled={!valid}>Show this time</button>
    </form>
  );
}

/** In the reader's time zone, as `datetime-local` writes it. */
function forInput(at: string): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function same(a: TimeRange, b: TimeRange): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function rangeLabel(range: TimeRange): string {
  if (range.kind === "between") return `${formatDateTime(range.from)} – ${formatDateTime(range.to)}`;
  if (range.kind === "month") return formatMonth(`${range.month}-15`);
  const unit = range.count === 1 ? range.kind.slice(0, -1) : range.kind;
  return range.count === 1 ? `Last ${unit}` : `Last ${range.count} ${unit}`;
}

/** For phones: days without the time of day. */
function shortLabel(range: TimeRange): string {
  if (range.kind !== "between") return rangeLabel(range);
  const [from, to] = [formatDay(range.from), formatDay(range.to)];
  return from === to ? from : `${from} – ${to}`;
}
