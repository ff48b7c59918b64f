import { useMemo, useState } from "react";
import { Link } from "wouter";
import { run as runCall, type RunDetail, type Span } from "../api/stats";
import { useCall } from "../api/use-call";
import { useHref, useParam, useView } from "../filters/use-view";
import { subtree } from "../filters/view";
import { formatCount, formatDuration } from "../format/number";
import { formatFull } from "../format/time";
import { Card } from "../parts/card";
import { CopyButton } from "../parts/copy";
import { Icon } from "../parts/icons";
import { Cost } from "../parts/money";
import { Stat } from "../parts/stat";
import { Empty, Failure, SkeletonRows } from "../parts/states";
import { Unpriced } from "../parts/unpriced";
import { Breakdown } from "./run/breakdown";
import { SpanDetail } from "./run/span-detail";
import { Waterfall } from "./run/waterfall";

export default function Run({ id }: { id: string }) {
  const runId = decodeURIComponent(id);
  const { view } = useView();
  const [of] = useParam<string>("of", "");
  const call = runCall({ ...view, tenant: of || view.tenant }, runId);
  const answer = useCall<RunDetail>(call, { keep: false });
  return (
    <>
      <Head runId={runId} run={answer.data} />
      {answer.error && !answer.data ? (
        answer.error.status === 404
          ? <div className="card"><Empty title="There is no such run"><p>It may be another tenant's, older than the retention of events, or its first event is on its way.</p></Empty></div>
          : <Failure problem={answer.error} retry={() => void answer.refetch()} />
      ) : answer.data ? <Loaded run={answer.data} calls={[call]} /> : <div className="card"><SkeletonRows rows={10} /></div>}
    </>
  );
}

function Head({ runId, run }: { runId: string; run: RunDetail | undefined }) {
  const href = useHref();
  return (
    <div className="stack" style={{ gap: 4 }}>
      <Link className="small" href={href("/app/runs")}>Runs</Link>
      <div className="page-head">
        <h1 className="mono" style={{ fontSize: 18 }}>{runId}</h1>
        <CopyButton text={runId} label="Copy id" />
      </div>
      {run && <p className="muted small">{formatFull(run.started_at)} · tenant {run.tenant_id}</p>}
    </div>
  );
}

function Loaded({ run, calls }: { run: RunDetail; calls: { url: string }[] }) {
  const [selected, setSelected] = useState<string | null>(null);
  const spans = useMemo(() => new Map(flatten(run.spans).map((span) => [span.span_id, span])), [run.spans]);
  const duration = Date.parse(run.ended_at) - Date.parse(run.started_at);
  const tokens = useMemo(() => count(run.spans), [run.spans]);
  const span = selected === null ? undefined : spans.get(selected);
  return (
    <>
      <Unpriced count={run.unpriced_count} />
      <div className="stats">
        <Stat label="Cost" calls={calls} value={<Cost of={run} />} wide />
        <Stat label="Took" calls={calls} value={formatDuration(duration)} />
        <Stat label="Calls" calls={calls} value={formatCount(run.call_count)} />
        <Stat label="Failed" calls={calls} value={formatCount(run.error_count)} />
        <Stat label="Tokens" calls={calls} value={formatCount(tokens.input + tokens.output)} foot={<span className="muted">{formatCount(tokens.input)} in, {formatCount(tokens.output)} out</span>} />
      </div>
      {run.truncated && (
        <div className="notice" role="note"><Icon name="warning" /> Not all spans are shown: there are more than 10,000, or they are older than the retention of events. The sums above are those of the whole run.</div>
      )}
      <Card title="Spans" calls={calls} flush>
        {run.spans.length === 0
          ? <Empty title="The spans are gone"><p>They are older than the retention of events. The sums of the run are kept longer.</p></Empty>
          : <Waterfall spans={run.spans} start={Date.parse(run.started_at)} duration={duration} selected={selected} onSelect={setSelected} />}
      </Card>
      {span && <SpanDetail span={span} calls={calls} onClose={() => setSelected(null)} />}
      <div className="columns">
        <Breakdown title="By section" className="span-4" calls={calls} rows={run.breakdown.by_section.map((row) => ({ ...row, name: row.section_path }))} filter={(name) => ({ section: [subtree(name)] })} />
        <Breakdown title="By model" className="span-4" calls={calls} rows={run.breakdown.by_model.map((row) => ({ ...row, name: row.model }))} filter={(name) => ({ model: [name] })} />
        <Breakdown title="By provider" className="span-4" calls={calls} rows={run.breakdown.by_provider.map((row) => ({ ...row, name: row.provider }))} filter={(name) => ({ provider: [name] })} />
      </div>
    </>
  );
}

function flatten(spans: Span[]): Span[] {
  return spans.flatMap((span) => [span, ...flatten(span.children)]);
}

function count(spans: Span[]): { input: number; output: number } {
  const all = flatten(spans);
  const total = (of: (span: Span) => number) => all.reduce((sum, span) => sum + of(span), 0);
  return { input: total((span) => span.input_tokens), output: total((span) => span.output_tokens) };
}
