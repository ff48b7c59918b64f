import { Link } from "wouter";
import { insights, type Insight } from "../api/insights";
import { useCall } from "../api/use-call";
import { useClock } from "../filters/clock";
import { useParam, useView } from "../filters/use-view";
import { countFilters } from "../filters/view";
import { plural } from "../format/number";
import { formatDateTime } from "../format/time";
import { ApiLink } from "../parts/api-link";
import { Answer } from "../parts/answer";
import { Card } from "../parts/card";
import { Icon } from "../parts/icons";
import { Empty } from "../parts/states";
import { Days, Evidence, typeLabel } from "./insights/evidence";
import { concerns, subjectLabel, useSubjectHref } from "./insights/subject";
import { useRunHref } from "./paths";

const DAY_MS = 86_400_000;
const SEVERITIES: Record<string, { tag: string; colour: string }> = {
  critical: { tag: "bad", colour: "var(--bad)" },
  warning: { tag: "warn", colour: "var(--warn)" },
  info: { tag: "", colour: "var(--accent)" },
};
const ORDER = Object.keys(SEVERITIES);

/** What stands out of this tenant's usage on one day, worst first. */
export default function Insights() {
  const { view, change } = useView();
  const [asOf, setAsOf] = useParam<string>("as_of", "");
  const call = insights(view, asOf);
  const list = useCall<Insight[]>(call);
  return (
    <>
      <div className="page-head"><h1>Insights</h1><DayControls asOf={asOf} onChange={setAsOf} /></div>
      <Card title={asOf ? `What stood out in the day until ${formatDateTime(asOf)}` : "What stood out in the last 24 hours"} calls={[call]} flush>
        <Answer of={list}>
          {(found) => {
            const wanted = found.filter((insight) => concerns(insight, view.filters)).sort(worstFirst);
            if (wanted.length > 0) return <ul>{wanted.map((insight, index) => <Item key={`${insight.type} ${index}`} insight={insight} />)}</ul>;
            return found.length > 0 && countFilters(view.filters) > 0 ? (
              <Empty title="Nothing stands out of what these filters name">
                <p>{plural(found.length, "insight")} about something else.</p>
                <button type="button" className="button" onClick={() => change({ filters: {} })}>Clear the filters</button>
              </Empty>
            ) : (
              <Empty title="Nothing stands out">
                <p>Each day is compared with the four weeks before. Spikes and drops of cost, new expensive models, longer prompts, retry loops, bursts of errors, caches that no longer hit and calls without a price would be told here.</p>
              </Empty>
            );
          }}
        </Answer>
      </Card>
    </>
  );
}

/** Day after day, back from now. */
function DayControls({ asOf, onChange }: { asOf: string; onChange(asOf: string): void }) {
  const { now } = useClock();
  const end = asOf ? Date.parse(asOf) : now.getTime();
  const go = (days: number) => {
    const to = end + days * DAY_MS;
    onChange(to >= now.getTime() - 60_000 ? "" : new Date(to - (to % 900_000)).toISOString().replace(".000Z", "Z"));
  };
  return (
    <div className="row" role="group" aria-label="Day">
      <button type="button" className="button" onClick={() => go(-1)}>Day before</button>
      <button type="button" className="button" onClick={() => go(1)} disabled={asOf === ""}>Day after</button>
    </div>
  );
}

function Item({ insight }: { insight: Insight }) {
  const { view } = useView();
  const hrefOf = useSubjectHref(insight);
  const runHref = useRunHref();
  const { also = [], runs = [], api } = insight.evidence;
  const { tag, colour } = SEVERITIES[insight.severity] ?? { tag: "", colour: "var(--accent)" };
  return (
    <li className="insight" data-testid="insight">
      <div className="told">
        <div className="row wrap">
          <span className={`tag ${tag}`}>{tag && <Icon name={tag === "bad" ? "error" : "warning"} size={12} />} {insight.severity}</span>
          <span className="tag">{typeLabel(insight.type)}</span>
          {view.tenant === null && insight.tenant_id && <span className="tag">{insight.tenant_id}</span>}
          {api && <ApiLink calls={[{ url: api }]} of={`${typeLabel(insight.type)} of ${subjectLabel(insight.subject)}`} />}
        </div>
        <h3>{insight.message}</h3>
        <Evidence insight={insight} />
        <div className="row wrap small" style={{ gap: "6px 14px" }}>
          <Link className="button small" href={hrefOf(insight.subject)}>Show {subjectLabel(insight.subject)}</Link>
          {also.length > 0 && (
            <p className="muted">
              The same change shows in {also.map((subject, index) => (
                <span key={index}>{index > 0 && ", "}<Link href={hrefOf(subject)}>{subjectLabel(subject)}</Link></span>
              ))}
            </p>
          )}
          {runs.length > 0 && (
            <p className="muted">
              Runs: {runs.map((run, index) => (
                <span key={run}>{index > 0 && ", "}<Link className="mono" href={runHref({ run_id: run, tenant_id: insight.tenant_id })}>{run}</Link></span>
              ))}
            </p>
          )}
        </div>
      </div>
      <Days insight={insight} colour={colour} />
    </li>
  );
}

function worstFirst(a: Insight, b: Insight): number {
  return ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity);
}
