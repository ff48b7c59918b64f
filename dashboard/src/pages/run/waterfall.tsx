import { useMemo, useState } from "react";
import type { Span } from "../../api/stats";
import { formatDuration } from "../../format/number";
import { Icon } from "../../parts/icons";
import { Cost } from "../../parts/money";

interface Props {
  spans: Span[];
  /** Milliseconds since 1970. */
  start: number;
  duration: number;
  selected: string | null;
  onSelect(spanId: string): void;
}

interface Row {
  span: Span;
  depth: number;
}

/** Rows shown before someone asks for more: browsers slow down with tens of thousands. */
const STEP = 500;

const COLOURS: Record<string, string> = {
  llm: "var(--series-1)", embedding: "var(--series-3)", vector_db: "var(--series-7)", api: "var(--series-5)",
};

/** The tree of spans, each with its place in time; costs are rolled up the tree. */
export function Waterfall({ spans, start, duration, selected, onSelect }: Props) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [shown, setShown] = useState(STEP);
  const rows = useMemo(() => visible(spans, closed), [spans, closed]);
  const toggle = (id: string) => {
    const next = new Set(closed);
    if (!next.delete(id)) next.add(id);
    setClosed(next);
  };
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Spans over time">
      <div className="waterfall" role="table" aria-label="Spans">
        <div className="span-row head" role="row">
          <span role="columnheader">Span</span>
          <span role="columnheader" className="span-time"><span className="row spread"><span>0 s</span><span>{formatDuration(duration)}</span></span></span>
          <span role="columnheader" className="end" title="Its own and that of all spans below it">Total cost</span>
          <span role="columnheader" className="end">Status</span>
        </div>
        {rows.slice(0, shown).map(({ span, depth }) => (
          <div key={span.span_id} role="row" data-testid="span" data-depth={depth} className={`span-row ${selected === span.span_id ? "selected" : ""} ${failed(span) ? "failed" : ""}`}>
            <span role="cell" className="span-name" style={{ paddingLeft: depth * 16 }}>
              {span.children.length > 0 ? (
                <button type="button" className="button quiet icon small" style={{ width: 20, height: 20 }} aria-expanded={!closed.has(span.span_id)} aria-label={`Children of ${span.name ?? span.span_id}`} onClick={() => toggle(span.span_id)}>
                  <Icon name={closed.has(span.span_id) ? "next" : "expand"} size={14} />
                </button>
              ) : <span style={{ width: 20, flex: "none" }} />}
              <button type="button" className="pick" title={span.name ?? span.span_id} aria-pressed={selected === span.span_id} onClick={() => onSelect(span.span_id)}>
                {span.name ?? span.span_id}
              </button>
              <span className="muted small truncate">{span.model ?? span.span_type}</span>
            </span>
            <span role="cell" className="span-time"><Track span={span} start={start} duration={duration} /></span>
            <span role="cell" className="numeric end">
              <Cost of={span} />
            </span>
            <span role="cell" className="end">
              {span.status === "ok" ? <span className="muted small">ok</span> : <span className={`tag ${failed(span) ? "bad" : ""}`} title={span.error_type ?? undefined}>{span.status.replace("_", " ")}</span>}
            </span>
          </div>
        ))}
      </div>
      {rows.length > shown && (
        <div className="table-foot">
          <span>{shown} of {rows.length} spans</span>
          <button type="button" className="button small" onClick={() => setShown(shown + STEP)}>Show more</button>
        </div>
      )}
    </div>
  );
}

function Track({ span, start, duration }: { span: Span; start: number; duration: number }) {
  const whole = Math.max(duration, 1);
  const left = Math.max(0, Math.min(100, ((Date.parse(span.started_at) - start) / whole) * 100));
  const width = Math.max(0, Math.min(100 - left, ((span.latency_ms ?? 0) / whole) * 100));
  return (
    <span className="span-track" style={{ display: "block" }}>
      <i style={{ left: `${left}%`, width: `${width}%`, background: failed(span) ? "var(--bad)" : COLOURS[span.span_type] }} />
      <span style={{ left: `calc(${left + width}% + 7px)` }}>{formatDuration(span.latency_ms)}</span>
    </span>
  );
}

export function failed(span: Span): boolean {
  return span.status === "error" || span.status === "timeout" || span.status === "rate_limited";
}

function visible(spans: Span[], closed: ReadonlySet<string>, depth = 0): Row[] {
  return spans.flatMap((span) => [
    { span, depth },
    ...(closed.has(span.span_id) ? [] : visible(span.children, closed, depth + 1)),
  ]);
}
