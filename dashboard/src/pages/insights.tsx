import { Link } from "wouter";
import { insights, type Insight } from "../api/insights";
import { useCall } from "../api/use-call";
import { useView } from "../filters/use-view";
import { ApiLink } from "../parts/api-link";
import { Answer } from "../parts/answer";
import { Card } from "../parts/card";
import { Icon } from "../parts/icons";
import { Empty } from "../parts/states";
import { subjectLabel, useSubjectHref } from "./insights/subject";
import { useRunHref } from "./paths";
import { Evidence, typeLabel } from "./insights/evidence";

const ORDER = ["critical", "warning", "info"];

/** What stands out of this tenant's usage, worst first. */
export default function Insights() {
  const { view } = useView();
  const call = insights(view);
  const list = useCall<Insight[]>(call);
  return (
    <>
      <div className="page-head"><h1>Insights</h1></div>
      <Card title="What stood out in the last day" calls={[call]} flush>
        <Answer of={list}>
          {(found) => found.length === 0 ? (
            <Empty title="Nothing stands out">
              <p>Spikes and drops of cost, new expensive models, retry loops, bursts of errors and calls without a price would be told here, each with what it is compared with.</p>
            </Empty>
          ) : (
            <ul>{[...found].sort(worstFirst).map((insight, index) => <Item key={`${insight.type} ${index}`} insight={insight} />)}</ul>
          )}
        </Answer>
      </Card>
    </>
  );
}

function Item({ insight }: { insight: Insight }) {
  const hrefOf = useSubjectHref(insight);
  const runHref = useRunHref();
  const { also = [], runs = [], api } = insight.evidence;
  const bad = ORDER.indexOf(insight.severity) < 1;
  return (
    <li className="insight" data-testid="insight">
      <div className="row wrap" style={{ width: "100%" }}>
        <span className={`tag ${bad ? "bad" : "warn"}`}><Icon name={bad ? "error" : "warning"} size={12} /> {insight.severity}</span>
        <span className="tag">{typeLabel(insight.type)}</span>
        <span style={{ marginLeft: "auto" }}>{api && <ApiLink calls={[{ url: api }]} of={typeLabel(insight.type)} />}</span>
      </div>
      <p style={{ fontWeight: 550 }}>{insight.message}</p>
      <Evidence insight={insight} />
      <div className="row wrap small" style={{ gap: "4px 16px" }}>
        <Link href={hrefOf(insight.subject)}>Look at {subjectLabel(insight.subject)}</Link>
        {also.map((subject, index) => <Link key={index} href={hrefOf(subject)}>Also at {subjectLabel(subject)}</Link>)}
        {runs.map((run) => <Link key={run} className="mono" href={runHref({ run_id: run, tenant_id: insight.tenant_id })}>{run}</Link>)}
      </div>
    </li>
  );
}

function worstFirst(a: Insight, b: Insight): number {
  return ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity);
}
