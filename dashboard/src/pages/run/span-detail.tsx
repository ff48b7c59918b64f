import type { ReactNode } from "react";
import type { Span } from "../../api/stats";
import { usd } from "../../format/money";
import { formatCount, formatDuration } from "../../format/number";
import { formatFull } from "../../format/time";
import { Card } from "../../parts/card";
import { Icon } from "../../parts/icons";
import { Cost, Money } from "../../parts/money";
import { failed } from "./waterfall";

/** Everything about one span. */
export function SpanDetail({ span, calls, onClose }: { span: Span; calls: { url: string }[]; onClose(): void }) {
  const entries: [string, ReactNode][] = [
    ["Type", span.span_type],
    ["Provider", span.provider],
    ["Model", span.model],
    ["Began", formatFull(span.started_at)],
    ["Latency", formatDuration(span.latency_ms)],
    ["Own cost", span.cost_usd === null || span.cost_usd === undefined ? <span className="tag warn">unknown</span> : <Money amount={usd(span.cost_usd)} />],
    ["Total cost", <Cost key="total" of={span} />],
    ["Status", <span key="status" className={`tag ${failed(span) ? "bad" : ""}`}>{span.status.replace("_", " ")}</span>],
    ["HTTP status", span.http_status],
    ["Error", span.error_type && <code key="error">{span.error_type}</code>],
    ["Span id", <code key="id">{span.span_id}</code>],
    ["Parent", span.parent_span_id && <code>{span.parent_span_id}</code>],
  ];
  return (
    <Card title={span.name ?? span.span_id} calls={calls} actions={<button type="button" className="button quiet icon small" aria-label="Close" onClick={onClose}><Icon name="close" /></button>}>
      <div className="columns">
        <dl className="kv span-6">
          {entries.map(([name, value]) => value && <Entry key={name} name={name}>{value}</Entry>)}
        </dl>
        <div className="span-6"><Tokens span={span} /></div>
      </div>
    </Card>
  );
}

function Entry({ name, children }: { name: string; children: ReactNode }) {
  return <><dt>{name}</dt><dd>{children}</dd></>;
}

/** Tokens by kind: what is cached or reasoned is a part of the whole, as vendors count. */
function Tokens({ span }: { span: Span }) {
  return (
    <table aria-label="Tokens">
      <thead><tr><th>Tokens</th><th className="number">Count</th></tr></thead>
      <tbody>
        <tr><td>Input</td><td className="number">{formatCount(span.input_tokens)}</td></tr>
        <tr><td className="part">read from the cache</td><td className="number muted">{formatCount(span.cached_tokens)}</td></tr>
        <tr><td className="part">written to the cache</td><td className="number muted">{formatCount(span.cache_write_tokens)}</td></tr>
        <tr><td>Output</td><td className="number">{formatCount(span.output_tokens)}</td></tr>
        <tr><td className="part">reasoning</td><td className="number muted">{formatCount(span.reasoning_tokens)}</td></tr>
      </tbody>
    </table>
  );
}
